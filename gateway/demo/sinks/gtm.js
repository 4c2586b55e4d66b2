// The container: sets the linker cookie and loads the advertiser's tag, which stands in no page.
(function () {
  var origin = new URL(document.currentScript.src).origin;
  document.cookie = '_gcl_au=1.1.' + Math.floor(Math.random() * 1e9) + '; path=/; max-age=7776000';
  var tag = document.createElement('script');
  tag.async = true;
  tag.src = origin.replace('googletagmanager', 'googleads') + '/pagead/conversion.js?id=AW-1000000001';
  document.head.appendChild(tag);
})();
