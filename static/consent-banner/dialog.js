// @ts-check
// The settings in a dialog over the shop's page: the settings page's own form and its own stylesheet.
// Whatever goes wrong here, the caller goes to the settings page instead.
// Comments stand on lines of their own: the gateway serves the file without them.

(() => {
  'use strict';

  const { tools } = /** @type {any} */ (document.currentScript);
  /** @type {HTMLDialogElement | undefined} */
  let dialog;

  /** @param {string} name @param {object} more */
  const make = (name, more) => Object.assign(document.createElement(name), more);

  /** Opens the dialog with what holds now. The page is asked for at each opening: another tab may have chosen. */
  tools.show = async () => {
    if (dialog) return;
    const page = await tools.read('&return=' + encodeURIComponent(location.pathname + location.search));
    const { lang, dir } = page.documentElement;
    const main = page.querySelector('main');
    const sheet = page.querySelector('link[rel=stylesheet]');
    const heading = page.querySelector('h1');
    for (const script of main.querySelectorAll('script')) script.remove();
    const form = main.querySelector('form');
    if (/** @type {any} */ (navigator).globalPrivacyControl) {
      for (const line of main.querySelectorAll('.signal')) line.hidden = false;
      form.elements.gpc.value = '1';
    }
    const box = /** @type {HTMLDialogElement} */ (make('dialog', { className: 'cg cg-page', lang, dir }));
    box.setAttribute('aria-labelledby', (heading.id = 'cg-head'));
    const close = make('button', { type: 'button', className: 'close', textContent: '×', onclick: () => box.close() });
    close.setAttribute('aria-label', main.dataset.close);
    main.prepend(close);
    const styled = new Promise((onload, onerror) => Object.assign(sheet, { onload, onerror }));
    box.append(sheet, main);
    box.addEventListener('close', () => {
      dialog = undefined;
      box.remove();
    });
    dialog = box;
    document.body.append(box);
    try {
      await styled;
      box.showModal();
    } catch (error) {
      box.remove();
      dialog = undefined;
      throw error;
    }
  };

  tools.close = () => dialog && dialog.close();
})();
