// @ts-check
// Google Consent Mode v2, basic: the signals, before any tag of Google's. Here only where one may run.
// `data-granted` holds the granted categories; later choices are told as they are made.
// Comments stand on lines of their own: the gateway serves the file without them.

(() => {
  'use strict';

  const page = /** @type {any} */ (window);
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  /** @type {Record<string, string[]>} */
  const signals = {
    preferences: ['functionality_storage', 'personalization_storage'],
    statistics: ['analytics_storage'],
    marketing: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  };
  let granted = new Set((script.dataset.granted || '').split(' ').filter(Boolean));

  page.dataLayer = page.dataLayer || [];
  // Google's tags take a command only as an `arguments` object.
  /** @param {...unknown} command */
  page.gtag = page.gtag || function gtag(...command) {
    page.dataLayer.push(arguments);
  };

  /** @param {Iterable<string>} categories @param {string} value */
  const all = (categories, value) =>
    Object.fromEntries([...categories].flatMap((name) => (signals[name] || []).map((signal) => [signal, value])));

  page.gtag('consent', 'default', { ...all(Object.keys(signals), 'denied'), security_storage: 'granted', wait_for_update: 500 });
  page.gtag('set', 'ads_data_redaction', true);
  page.gtag('consent', 'update', all(granted, 'granted'));

  document.addEventListener('consent:change', (event) => {
    const state = /** @type {CustomEvent} */ (event).detail || {};
    const next = new Set(Object.keys(signals).filter((name) => state[name] === 'granted'));
    const lost = [...granted].filter((name) => !next.has(name));
    const gained = [...next].filter((name) => !granted.has(name));
    granted = next;
    if (lost.length + gained.length) page.gtag('consent', 'update', { ...all(lost, 'denied'), ...all(gained, 'granted') });
  });
})();
