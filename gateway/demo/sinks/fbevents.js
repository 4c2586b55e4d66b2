// Every event becomes a pixel with the browser's id.
(function () {
  var origin = new URL(document.currentScript.src).origin, account = '';
  var found = /(?:^|; )_fbp=([^;]+)/.exec(document.cookie);
  var browser = found ? found[1] : 'fb.1.' + Date.now() + '.' + Math.floor(Math.random() * 1e10);
  document.cookie = '_fbp=' + browser + '; path=/; max-age=7776000';
  function call(verb, what) {
    if (verb === 'init') account = what;
    if (verb === 'track') new Image().src = origin + '/tr/?id=' + account + '&ev=' + what + '&fbp=' + browser;
  }
  var waiting = window.fbq && window.fbq.queue || [];
  window.fbq.callMethod = call;
  while (waiting.length) call.apply(null, waiting.shift());
})();
