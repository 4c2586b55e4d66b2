// Keeps the figures of the live page up to date; the server has drawn them already.
// @ts-check
'use strict';

/** @param {Element} cell @param {{requests: number, ids: string[], recent: string[]}} row */
function show(cell, row) {
  const figure = /** @type {HTMLElement} */ (cell.querySelector('b'));
  if (figure.textContent === String(row.requests)) return;
  figure.textContent = String(row.requests);
  const detail = /** @type {HTMLElement} */ (cell.querySelector('small'));
  detail.replaceChildren(...[...row.ids, ...row.recent].slice(0, 6).flatMap((line) => [line, document.createElement('br')]));
  cell.className = row.requests ? '' : 'quiet';
  void (/** @type {HTMLElement} */ (cell).offsetWidth);
  if (row.requests) cell.classList.add('new');
}

/** @param {{path: string, cookies: string, consent: string}} sight */
function line(sight) {
  const item = document.createElement('li');
  const path = document.createElement('code');
  path.textContent = sight.path;
  item.append(path);
  for (const [name, value] of [['Cookie', sight.cookies], ['X-Consent', sight.consent]]) {
    const part = document.createElement('span');
    const head = document.createElement('b');
    head.textContent = name;
    part.append(head, ' ' + value);
    item.append(part);
  }
  return item;
}

async function refresh() {
  try {
    const state = await (await fetch('/state.json')).json();
    for (const side of ['guarded', 'bare']) {
      const report = state[side];
      /** @type {HTMLElement} */ (document.getElementById(side + '-total')).textContent = String(report.total);
      for (const row of report.trackers) {
        const cell = document.querySelector(`[data-tracker="${row.id}"] [data-side="${side}"]`);
        if (cell) show(cell, row);
      }
      /** @type {HTMLElement} */ (document.getElementById(side + '-seen')).replaceChildren(...report.shop.map(line));
    }
  } catch {
    document.title = '已停止 · stopped';
  }
  setTimeout(refresh, 1000);
}

refresh();
