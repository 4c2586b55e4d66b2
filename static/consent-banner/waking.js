// @ts-check
// What waits in a page comes alive: after a choice that grants something, or a click on a placeholder.
// Comments stand on lines of their own: the gateway serves the file without them.

(() => {
  'use strict';

  const { tools } = /** @type {any} */ (document.currentScript);
  const { config, prefix, script, state, granted, again } = tools;

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
    // What is loaded once is no choice, and nothing is said of one.
    const anew = service ? () => location.reload() : again;
    document.write = document.writeln = anew;
    for (const element of document.querySelectorAll('[data-consent-category]')) {
      if (element.closest('dialog.cg')) continue;
      if (service ? element.getAttribute('data-consent-service') !== service : !(element.getAttribute('data-consent-category') || '').split(' ').every(granted)) continue;
      if (element.hasAttribute('data-consent-reload')) return anew();
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
      first.onerror = again;
      first.src = file;
      document.head.append(first);
    });
  };

  /** All that is granted now. */
  tools.wake = () => signals().then(() => revive());

  /** What one placeholder stands for, in this page only. @param {Element} placeholder */
  tools.once = (placeholder) =>
    placeholder.matches('details') ? revive(placeholder.getAttribute('data-consent-service') || '') : load(placeholder, true);
})();
