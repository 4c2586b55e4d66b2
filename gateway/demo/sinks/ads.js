// Remarketing: the visit goes to the advertiser's list.
(function () {
  var origin = new URL(document.currentScript.src).origin;
  var linker = /(?:^|; )_gcl_au=([^;]+)/.exec(document.cookie);
  new Image().src = origin + '/pagead/1p-user-list/1000000001/?gcl=' + (linker ? linker[1] : '') +
    '&url=' + encodeURIComponent(location.pathname);
})();
