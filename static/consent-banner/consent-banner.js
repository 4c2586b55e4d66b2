// @ts-check
// The banner's script: store, view, start(). Everything also works without it, by forms and links.
// What few visitors need comes in files of its own, `waking.js` and `dialog.js`, when it is needed.
// Comments stand on lines of their own: the gateway serves the file without them.

(() => {
  'use strict';

  /** @typedef {Record<string, string>} State category -> granted | refused | unset, and `source` */

  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const config = script.dataset;
  const prefix = config.prefix;

  // ---- store: what the server says about this visitor; nothing is kept in the browser ----

  /** @type {State} */
  const state = Object.fromEntries((config.state || '').split(' ').map((pair) => pair.split(':')));

  /** @param {string} name */
  const granted = (name) => state[name] === 'granted';

  /** @param {string} path @param {object} [body] @returns {Promise<State>} */
  const ask = async (path, body) => {
    const answer = await fetch(prefix + path, body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw answer.status;
    const known = await answer.json();
    return { ...known, ...known.categories };
  };

  const current = () => ask('/state');

  /** The settings page, in the banner's language. @param {string} query */
  const read = async (query) =>
    new DOMParser().parseFromString(await (await fetch(`${prefix}/?lang=${config.locale + query}`)).text(), 'text/html');

  /** @param {State} next */
  const changed = (next) => Object.keys(state).filter((name) => state[name] !== next[name]);

  /** @param {string} name */
  const announce = (name) => document.dispatchEvent(new CustomEvent(name, { detail: { ...state } }));

  // ---- view: the banner, the footer link, the elements that wait ----

  /** @type {HTMLElement | null} */
  const banner = document.querySelector('[data-consent-banner]');
  /** @type {HTMLAnchorElement | null} */
  const link = document.querySelector('.cg-foot a');
  const foot = link?.parentElement;
  // It would move when its styles come.
  foot?.remove();

  const hide = () => banner?.remove();

  /** Our stylesheets. Nothing of the shop's waits for them, and nothing of ours is seen without them, unless they fail. */
  const styled = Promise.all([...document.querySelectorAll('link.cg')].map((link) => new Promise((done) => {
    link.replaceWith(Object.assign(link.cloneNode(), { rel: 'stylesheet', onload: done, onerror: done }));
  }))).then(() => {
    if (foot) script.before(foot);
    for (const ours of document.querySelectorAll('[class^=cg][hidden]')) ours.hidden = false;
  });

  /** A line of text in place of the banner. @param {string | null} text @param {boolean} [focus] */
  const tell = async (text, focus) => {
    await styled;
    const line = document.createElement('p');
    line.className = 'cg cg-chip';
    line.lang = (banner || link || line).lang;
    line.tabIndex = -1;
    line.setAttribute('role', 'status');
    line.append(text || '');
    document.body.prepend(line);
    if (focus) line.focus({ preventScroll: true });
    if (focus !== undefined) setTimeout(() => line.remove(), 8000);
  };

  const saved = '#cg-saved';

  /** Builds the page anew after a choice. A mark in the address tells the new page to say so; nothing is stored. */
  const again = () => {
    try {
      history.replaceState(history.state, '', location.href + saved);
    } finally {
      location.reload();
    }
  };

  /** @type {Record<string, any>} what the other files are given, and what they give */
  const tools = { config, prefix, script, state, granted, read, again };

  /** Brings another file, once. @param {number} at */
  const bring = (at) => tools[at] ||= new Promise((done, fail) => {
    const other = document.createElement('script');
    other.nonce = script.nonce;
    const src = script.src.replace(/[^/]*$/, (config.more || '').split(' ')[at]);
    document.head.append(Object.assign(other, { tools, src, onload: done, onerror: fail }));
  });

  /** @param {State} next */
  const take = (next) => {
    for (const name in state) state[name] = next[name];
    announce('consent:change');
  };

  /** A page can gain what is parked in it; for anything else it must be built anew. @param {State} next */
  const apply = async (next) => {
    const anew = changed(next).some((name) => granted(name) || (next[name] === 'granted' && (state[name] === 'refused' || 'consentReload' in config)));
    take(next);
    if (anew) return again();
    if (Object.keys(state).some(granted)) bring(0).then(() => tools.wake(), again);
  };

  const leave = () => location.assign(prefix + '/');

  const open = () => bring(1).then(() => tools.show()).catch(leave);

  // ---- start ----

  const signalled = /** @type {any} */ (navigator).globalPrivacyControl;

  let choosing = false;

  /** Sends a choice; the answer counts only if the cookie came back. @param {Record<string, unknown>} choice */
  const choose = async (choice) => {
    // A second click while the first is under way would be a second visitor to the server.
    if (choosing) return;
    choosing = true;
    try {
      const layout = innerWidth < 720 ? 'narrow' : 'wide';
      await ask('/choice', { rev: +(config.rev || 0), locale: config.locale, layout, ...(signalled && { gpc: 1 }), ...choice });
      const next = await current();
      const kept = next.source === 'choice';
      hide();
      tools.close?.();
      tell(kept ? config.saved || '' : (await read('&set=1')).querySelector('.message').textContent, choice.surface !== 'embed');
      apply(next);
    } finally {
      choosing = false;
    }
  };

  /** @param {SubmitEvent} event */
  const submit = (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (!form.closest('.cg') || !button?.value || form.dataset.plain) return;
    event.preventDefault();
    const fields = new FormData(form);
    const surface = banner?.contains(form) ? 'banner' : 'settings';
    choose({ action: button.value, category: fields.getAll('category'), surface, rev: +(fields.get('rev') || 0) })
      .catch((status) => {
        // The notice has changed since: the question is asked as it is now.
        if (status === 409) return banner?.contains(form) ? location.reload() : leave();
        form.dataset.plain = '1';
        form.requestSubmit(button);
      });
  };

  /** @param {MouseEvent} event */
  const click = (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest('[data-consent-settings],[data-consent-action=settings]') && navigator.cookieEnabled && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      return open();
    }
    const button = target.closest('[data-consent-action]');
    /** @type {HTMLElement | null | undefined} */
    const placeholder = button?.closest('[data-consent-placeholder]');
    if (!placeholder) return;
    if (button.matches('[data-consent-action=load]')) return bring(0).then(() => tools.once(placeholder)).catch(leave);
    choose({ action: 'save', category: placeholder.dataset.consentCategory?.split(' '), surface: 'embed' }).catch(leave);
  };

  /** The browser's own signal, when its header got lost on the way. */
  const signal = () => {
    hide();
    if (config.gpc) tell(config.gpc);
    const shared = (config.sharing || '').split(' ').filter(granted);
    if (shared.length) ask('/withdraw', { category: shared, surface: 'gpc' }).then(check, () => 0);
  };

  /** A page that no longer fits the choice is built anew. */
  const check = () => current().then((next) => {
    if (!changed(next).length) return;
    take(next);
    location.reload();
  }, () => 0);

  /** Takes the click ids out of the address bar: the shop was not told them either. @param {string[]} names */
  const tidy = (names) => {
    const url = new URL(location.href);
    const kept = url.search.slice(1).split('&').filter((pair) => !names.includes([...new URLSearchParams(pair).keys()][0]));
    url.search = kept.length ? `?${kept.join('&')}` : '';
    history.replaceState(history.state, '', url);
  };

  if (location.hash.endsWith(saved)) {
    history.replaceState(history.state, '', location.href.slice(0, -saved.length));
    if (state.source === 'choice') tell(config.saved || '', true);
  }
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
  addEventListener('pageshow', (event) => event.persisted && check());
  Object.assign(window, { consentGateway: { get: () => ({ ...state }), open } });
  // The shop's own scripts must have had their time to listen.
  new Promise((ready) => {
    addEventListener('DOMContentLoaded', ready);
    addEventListener('load', ready);
    if (document.readyState === 'complete') ready(0);
  }).then(() => announce('consent:ready'));
})();
