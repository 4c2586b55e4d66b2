// Gives the browser a client id for two years and reports what was put into the data layer.
(function () {
  var origin = new URL(document.currentScript.src).origin;
  var found = /(?:^|; )_ga=GA1\.1\.([\d.]+)/.exec(document.cookie);
  var client = found ? found[1] : Math.floor(Math.random() * 1e10) + '.' + Math.floor(Date.now() / 1000);
  document.cookie = '_ga=GA1.1.' + client + '; path=/; max-age=63072000';
  document.cookie = '_ga_SANMU0001=GS1.1.' + Date.now() + '; path=/; max-age=63072000';
  function collect(name) {
    var url = origin + '/g/collect?v=2&tid=G-SANMU0001&cid=' + client + '&en=' + encodeURIComponent(name);
    if (navigator.sendBeacon) navigator.sendBeacon(url); else new Image().src = url;
  }
  function read(entry) {
    if (entry && entry[0] === 'config') collect('page_view');
    if (entry && entry[0] === 'event' && entry[1] !== 'page_view') collect(entry[1]);
  }
  var layer = window.dataLayer = window.dataLayer || [], push = layer.push;
  layer.forEach(read);
  layer.push = function () {
    for (var i = 0; i < arguments.length; i++) read(arguments[i]);
    return push.apply(layer, arguments);
  };
})();
