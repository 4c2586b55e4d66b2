// The chat company's advertising tag.
(function () {
  var origin = new URL(document.currentScript.src).origin;
  var found = /(?:^|; )__lt__cid=([^;]+)/.exec(document.cookie);
  var browser = found ? found[1] : Math.random().toString(16).slice(2) + Date.now().toString(16);
  document.cookie = '__lt__cid=' + browser + '; path=/; max-age=63072000';
  function call(verb, what) {
    if (verb === 'send') new Image().src = origin + '/tag.gif?c_t=lap&ev=' + what + '&lid=' + browser;
  }
  var waiting = window._ltq || [];
  window._lt = call;
  while (waiting.length) call.apply(null, waiting.shift());
})();
