// @ts-check
// The settings page: the browser's own signal, when its header got lost on the way; a second click.
// Comments stand on lines of their own: the gateway serves the file without them.

(() => {
  'use strict';

  // A second click while the first is under way would be a second visitor to the server.
  let sent = false;
  addEventListener('submit', (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener('pageshow', () => { sent = false; });

  if (!(/** @type {any} */ (navigator).globalPrivacyControl)) return;
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.signal'))) line.hidden = false;
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('[name=gpc]'))) field.value = '1';
})();
