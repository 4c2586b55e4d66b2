// Short films' pixel.
(function () {
  var origin = new URL(document.currentScript.src).origin;
  var found = /(?:^|; )_ttp=([^;]+)/.exec(document.cookie);
  var browser = found ? found[1] : '2' + Math.random().toString(36).slice(2) + Date.now().toString(36);
  document.cookie = '_ttp=' + browser + '; path=/; max-age=33696000';
  var url = origin + '/api/v2/pixel?event=Pageview&ttp=' + browser;
  if (navigator.sendBeacon) navigator.sendBeacon(url); else new Image().src = url;
})();
