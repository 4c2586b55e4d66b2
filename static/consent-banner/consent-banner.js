// @ts-check
// The banner's script: store, view, start(). Everything also works without it, by forms and links.
// Comments stand on lines of their own: the gateway serves the file without them.

(() => {
  'use strict';

  /** @typedef {Record<string, string>} State category -> granted | refused | unset, and `source` */

  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const config = script.dataset;
  const prefix = config.prefix;

  // ---- store: what the server says about this visitor; nothing is kept in the browser ----

  /** @type {State} */
  let state = Object.fromEntries((config.state || '').split(' ').map((pair) => pair.split(':')));

  /** @param {string} name */
  const granted = (name) => state[name] === 'granted';

  /** @param {string} path @param {object} [body] @returns {Promise<State>} */
  const ask = async (path, body) => {
    const answer = await fetch(prefix + path, body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw answer.status;
    const known = await answer.json();
    return { ...known, ...known.categories };
  };

  const current = () => ask('/state');

  /** @param {State} next @returns {boolean} whether `next` differs from what this page was built with */
  const differs = (next) => Object.keys(state).some((name) => state[name] !== next[name]);

  /** @param {string} name */
  const announce = (name) => document.dispatchEvent(new CustomEvent(name, { detail: { ...state } }));

  // ---- view: the banner, the footer link, the elements that wait ----

  /** @type {HTMLElement | null} */
  const banner = document.querySelector('[data-consent-banner]');
  /** @type {HTMLAnchorElement | null} */
  const link = document.querySelector('[data-consent-settings]');

  const hide = () => {
    if (banner) banner.hidden = true;
  };

  /** A line of text in place of the banner. @param {string} text @param {boolean} [focus] */
  const tell = (text, focus) => {
    const line = document.createElement('p');
    line.className = 'cg cg-chip';
    line.lang = (banner || link || line).lang;
    line.tabIndex = -1;
    line.setAttribute('role', 'status');
    line.append(text);
    document.body.prepend(line);
    if (focus) line.focus({ preventScroll: true });
    if (focus !== undefined) setTimeout(() => line.remove(), 8000);
  };

  /** Puts parked attributes (`data-consent-src` …) back. @param {Element} element */
  const restore = (element) => {
    for (const { name, value } of [...element.attributes]) {
      const [, real] = name.match(/^data-consent-(?!category|service)(.+)/) || [];
      if (!real) continue;
      element.removeAttribute(name);
      element.setAttribute(real.replace('xlink-', ''), value);
    }
    if (element.matches('source')) /** @type {HTMLMediaElement} */ (element.parentElement).load?.();
  };

  /** Runs a parked script in its place. @param {HTMLScriptElement} old @returns {Promise<unknown>} */
  const run = (old) => new Promise((done) => {
    const fresh = document.createElement('script');
    for (const { name, value } of old.attributes) {
      if (!/^type$|category$/.test(name)) fresh.setAttribute(name, value);
    }
    restore(fresh);
    fresh.nonce = old.nonce;
    fresh.async = old.hasAttribute('async');
    fresh.text = old.text;
    const waits = fresh.src && !fresh.async;
    if (waits) fresh.onload = fresh.onerror = done;
    old.replaceWith(fresh);
    if (!waits) done(0);
  });

  /** Shows the frame a placeholder lies over; who stood in the placeholder stands in the frame.
   * Our policy on this page would stop it, so for once it comes in a page of ours. @param {Element} placeholder @param {boolean} [once]
   */
  const load = (placeholder, once) => {
    const frame = /** @type {HTMLElement | null} */ (placeholder.previousElementSibling);
    const focused = placeholder.contains(document.activeElement);
    placeholder.remove();
    if (!frame || !frame.matches('iframe')) return;
    if (once && 'consentReload' in config) frame.dataset.consentSrc = `${prefix}/embed?src=${encodeURIComponent(frame.dataset.consentSrc || '')}`;
    restore(frame);
    frame.inert = false;
    if (!focused) return;
    // The page that comes into the frame does not take the focus over: it is given once more.
    const focus = () => frame.focus({ preventScroll: true });
    frame.addEventListener('load', () => document.activeElement === frame && [frame.blur(), focus()]);
    focus();
  };

  /** Everything of the granted categories, or of one service, in the order of the page. @param {string} [service] */
  const revive = async (service) => {
    const again = () => location.reload();
    document.write = document.writeln = again;
    for (const element of document.querySelectorAll('[data-consent-category]')) {
      if (service ? element.getAttribute('data-consent-service') !== service : !(element.getAttribute('data-consent-category') || '').split(' ').every(granted)) continue;
      if (element.hasAttribute('data-consent-reload')) return again();
      if (element.matches('[data-consent-placeholder]')) load(element);
      else if (element.matches('script[type="text/plain"]')) await run(/** @type {HTMLScriptElement} */ (element));
      else if (element.isConnected) restore(element);
    }
    Reflect.deleteProperty(document, 'write');
    Reflect.deleteProperty(document, 'writeln');
  };

  /** Google's signals go in before the first of its tags; a page that cannot have them is built anew. */
  const signals = async () => {
    const [file, ...kinds] = (config.mode || '').split(' ');
    if (!kinds.some(granted)) return;
    config.mode = '';
    const first = document.createElement('script');
    first.nonce = script.nonce;
    first.dataset.granted = Object.keys(state).filter(granted).join(' ');
    await new Promise((done) => {
      first.onload = done;
      first.onerror = () => location.reload();
      first.src = file;
      document.head.append(first);
    });
  };

  /** @param {State} next */
  const take = (next) => {
    for (const name of Object.keys(state)) state[name] = next[name];
    announce('consent:change');
  };

  /** @param {State} next */
  const renew = (next) => {
    take(next);
    location.reload();
  };

  /** A page can gain what is parked in it; for anything else it must be built anew. @param {State} next */
  const apply = async (next) => {
    const names = Object.keys(state).filter((name) => state[name] !== next[name]);
    const anew = names.some((name) => granted(name) || (next[name] === 'granted' && (state[name] === 'refused' || 'consentReload' in config)));
    if (anew) return renew(next);
    take(next);
    await signals();
    return revive();
  };

  // ---- start ----

  const signalled = /** @type {any} */ (navigator).globalPrivacyControl;

  let choosing = false;

  /** @param {Record<string, unknown>} choice */
  const choose = async (choice) => {
    // A second click while the first is under way would be a second visitor to the server.
    if (choosing) return;
    choosing = true;
    try {
      await send(choice);
    } finally {
      choosing = false;
    }
  };

  /** Sends a choice; the answer counts only if the cookie came back. @param {Record<string, unknown>} choice */
  const send = async (choice) => {
    const layout = innerWidth < 720 ? 'narrow' : 'wide';
    await ask('/choice', { rev: Number(config.rev), locale: config.locale, layout, ...(signalled && { gpc: 1 }), ...choice });
    const next = await current();
    hide();
    tell((next.source === 'choice' ? config.saved : config.lost) || '', choice.surface !== 'embed');
    await apply(next);
  };

  /** @param {SubmitEvent} event */
  const submit = (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (!banner || !banner.contains(form) || !button || form.dataset.plain) return;
    event.preventDefault();
    const fields = new FormData(form);
    choose({ action: button.value, category: fields.getAll('category'), surface: 'banner' })
      .catch(() => {
        form.dataset.plain = '1';
        form.requestSubmit(button);
      });
  };

  /** @param {MouseEvent} event */
  const click = (event) => {
    const button = event.target instanceof Element && event.target.closest('[data-consent-action]');
    const placeholder = button && button.closest('[data-consent-placeholder]');
    if (!placeholder) return;
    if (button.matches('[data-consent-action="load"]')) {
      return placeholder.matches('details') ? revive(placeholder.getAttribute('data-consent-service') || '') : load(placeholder, true);
    }
    const name = placeholder.getAttribute('data-consent-category') || '';
    choose({ action: 'save', category: name.split(' '), surface: 'embed' }).catch(open);
  };

  const open = () => location.assign(link ? link.href : `${prefix}/`);

  /** The browser's own signal, when its header got lost on the way. */
  const signal = () => {
    hide();
    if (config.gpc) tell(config.gpc);
    const shared = (config.sharing || '').split(' ').filter(granted);
    if (shared.length) ask('/withdraw', { category: shared, surface: 'gpc' }).then(current).then((next) => differs(next) && renew(next), () => 0);
  };

  /** Takes the click ids out of the address bar: the shop was not told them either. @param {string[]} names */
  const tidy = (names) => {
    const url = new URL(location.href);
    const kept = url.search.slice(1).split('&').filter((pair) => !names.includes([...new URLSearchParams(pair).keys()][0]));
    url.search = kept.length ? `?${kept.join('&')}` : '';
    history.replaceState(history.state, '', url);
  };

  const start = () => {
    if (config.ids) tidy(config.ids.split(' '));
    if (!navigator.cookieEnabled) {
      hide();
      if (link) {
        link.textContent = link.dataset.off || '';
        link.search = '?set=1';
      }
    } else if ('gpc' in config && signalled) signal();
    document.addEventListener('submit', submit);
    document.addEventListener('click', click);
    addEventListener('pageshow', (event) => {
      if (event.persisted) current().then((next) => differs(next) && renew(next), () => 0);
    });
    Object.assign(window, { consentGateway: { get: () => ({ ...state }), open } });
    announce('consent:ready');
  };

  start();
})();
