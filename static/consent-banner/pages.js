// @ts-check
// The settings page: the browser's own signal, when its header got lost on the way.
// Comments stand on lines of their own: the gateway serves the file without them.

(() => {
  'use strict';

  if (!(/** @type {any} */ (navigator).globalPrivacyControl)) return;
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.signal'))) line.hidden = false;
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('[name=gpc]'))) field.value = '1';
})();
