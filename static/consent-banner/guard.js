// @ts-check
// The third wall: the page's own code cannot write cookies of, or call, services that are not allowed now.
// One expression, served with its rules as the argument: `owners` are the services and what opens them, `urls` and
// `names` map a rule to its owner; the first rule that fits decides. What it does not stop goes on as if it were not there.
// Comments stand on lines of their own: the gateway serves the file without them.

(/** @param {{ owners: string[][], urls: Record<string, number>, names: Record<string, number> }} known */ (known) => {
  'use strict';

  /** @typedef {(args: any[]) => any} Look changes `args` and is true, or answers in place of the call, by a function */

  const { dataset } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const [shut, wait, own] = [dataset.shut, dataset.wait, dataset.own].map((words = '') => words.split(' '));
  const closed = new Set([...shut, ...wait]);
  // It fails in the browser as a server fails that cannot be reached: events and errors come by themselves.
  const dead = 'about:invalid';
  const sources = ['src', 'srcset'];
  /** @type {Set<string>} the services the visitor clicked to load, in this page */
  const clicked = new Set();

  // ---- rules: as Catalogue.for_url and Catalogue.for_cookie read them ----

  /** @param {string} glob @param {string} [star] */
  const pattern = (glob, star = '.*') => glob.replace(/[^\w*/]/g, '\\$&').replace(/\*/g, star);

  /** @param {string} host @param {string} name */
  const below = (host, name) => `.${host}`.endsWith(`.${name}`);

  const urls = Object.entries(known.urls).map(([rule, owner]) => {
    const [, exact, name, path] = /** @type {string[]} */ (rule.match(/^(=?)([^/]*)(.*)/));
    const whole = !name && !path.includes('?');
    const end = whole ? '(\\?|$)' : name && /\w$/.test(path) ? '(?![a-z0-9])' : '';
    return { owner, exact, name, path: RegExp((name && '^') + pattern(path, whole ? '[^?]*' : '.*') + end) };
  });

  /** Of the shop's own hosts only these speak, and one look tells that none of them does. */
  const everywhere = urls.filter(({ name }) => !name);
  const any = RegExp(everywhere.map(({ path }) => path.source).join('|'));

  const names = Object.entries(known.names).map(([rule, owner]) => ({ owner, name: RegExp(`^${pattern(rule)}$`) }));

  /** Whether nothing may be asked of an address now. @param {any} address */
  const barred = (address) => {
    const { hostname, href } = new URL(address, document.baseURI);
    const target = href.replace(/^[^/]*\/\/[^/]*|#.*/g, '').toLowerCase();
    const host = hostname.replace(/\.$/, '');
    const mine = own.some((name) => below(host, name));
    const rule = (!mine ? urls : any.test(target) ? everywhere : []).find(({ exact, name, path }) =>
      (!name || (exact ? host === name : below(host, name))) && path.test(target));
    const [service, group] = rule ? known.owners[rule.owner] : [];
    return closed.has(group) && !clicked.has(service);
  };

  /** The same for a `src` or `srcset`. @param {any} value */
  const barredSet = (value) => !/^\s*(data|blob):/i.test(value) && String(value).split(/[\s,]+/).some(barred);

  /** @param {any} cookie a name */
  const barredName = (cookie) => {
    const rule = names.find(({ name }) => name.test(cookie));
    return rule && closed.has(known.owners[rule.owner][1]);
  };

  // ---- hooks ----

  /** Lets `look` see the arguments of every call of, or assignment to, `owner[name]`. @param {any} owner @param {string} name @param {Look} look */
  const watch = (owner, name, look) => {
    const found = owner && Object.getOwnPropertyDescriptor(owner, name);
    if (!found) return;
    const key = found.set ? 'set' : 'value';
    /** @type {Look} */
    const seen = (args) => {
      try {
        return look(args);
      } catch {}
    };
    const proxy = found[key] = new Proxy(found[key], {
      apply(native, self, args) {
        const answer = seen(args);
        if (answer?.call) return answer();
        try {
          return Reflect.apply(native, self, args);
        } catch (error) {
          if (!answer) throw error;
        }
      },
      construct(native, args, target) {
        seen(args);
        return Reflect.construct(native, args, target);
      },
    });
    if (proxy.prototype) proxy.prototype.constructor = proxy;
    Object.defineProperty(owner, name, found);
  };

  /** Puts another address in place of a barred one. @param {number} at @param {string} [instead] @returns {Look} */
  const redirect = (at, instead = dead) => (args) => barredSet(args[at].url || args[at]) && (args[at] = instead);

  /** @param {number} from @returns {Look} */
  const markup = (from) => (args) => {
    const before = args.slice(from).join('');
    const after = before.replace(/([\s/"']src(?:set)?\s*=\s*["']?)([^"'>]+)/gi, (all, start, value) => barredSet(value) ? start + dead : all);
    return after !== before && args.splice(from, args.length, after);
  };

  const element = Element.prototype;
  const page = Document.prototype;
  for (const { prototype } of [HTMLScriptElement, HTMLIFrameElement, HTMLImageElement, HTMLEmbedElement]) {
    for (const name of sources) watch(prototype, name, redirect(0));
  }
  watch(element, 'setAttribute', (args) => /^src(set)?$/i.test(args[0]) && redirect(1)(args));
  watch(element, 'innerHTML', markup(0));
  watch(element, 'insertAdjacentHTML', markup(1));
  for (const name of ['write', 'writeln']) watch(page, name, markup(0));
  // The name a server would read; deleting is always allowed.
  watch(page, 'cookie', ([line]) =>
    barredName(/[^\s=;]+/.exec(line)) && !/;\s*(max-age=[-0]|expires=[^;]*1970)/i.test(line) && (() => {}));
  watch(window.CookieStore?.prototype, 'set', ([name]) => barredName(name.name || name) && (async () => {}));
  watch(window, 'fetch', redirect(0));
  watch(XMLHttpRequest.prototype, 'open', redirect(1));
  watch(window, 'EventSource', redirect(0));
  watch(window, 'WebSocket', redirect(0, 'wss://blocked.invalid'));
  // "Sent": a page told otherwise would try another way.
  watch(Navigator.prototype, 'sendBeacon', ([address]) => barred(address) && (() => true));

  // Last resort: what came another way (templates, fragments, clones); an image may have been asked for by then.
  new MutationObserver((changes) => {
    const added = new Set(changes.flatMap(({ addedNodes }) => [...addedNodes]));
    for (const node of added) {
      // While a page is read every node is a change of its own: what stands in one of them is looked at with it.
      if (!(node instanceof Element) || added.has(/** @type {Node} */ (node.parentNode))) continue;
      for (const child of [node, ...node.querySelectorAll('[src],[srcset]')]) {
        for (const name of sources) if (barredSet(child.getAttribute(name))) child.setAttribute(name, dead);
      }
    }
  }).observe(document, { childList: true, subtree: true });

  // ---- what opens: a choice, as far as this page was undecided, and a click on a placeholder ----

  document.addEventListener('consent:change', (event) => {
    for (const group of wait) if (/** @type {CustomEvent} */ (event).detail?.[group] === 'granted') closed.delete(group);
  });
  document.addEventListener('click', ({ isTrusted, target }) => {
    const button = isTrusted && target instanceof Element && target.closest('[data-consent-action="load"]');
    /** @type {HTMLElement | null | false} */
    const placeholder = button && button.closest('[data-consent-placeholder]');
    for (const service of placeholder && placeholder.dataset.consentService?.split(' ') || []) clicked.add(service);
  }, true);
})
