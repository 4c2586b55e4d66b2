// A chat bubble in the corner.
(function () {
  var origin = new URL(document.currentScript.src).origin;
  var session = 'session_' + Math.random().toString(36).slice(2);
  document.cookie = 'crisp-client%2Fsession%2F00000000-aaaa-bbbb-cccc-dddddddddddd=' + session +
    '; path=/; max-age=15552000';
  new Image().src = origin + '/client/website/session?sid=' + session;
  var zh = document.documentElement.lang !== 'en', button = document.createElement('button');
  button.type = 'button';
  button.className = 'crisp-client';
  button.setAttribute('aria-label', zh ? '線上客服' : 'Chat with us');
  button.textContent = zh ? '問一下' : 'Ask us';
  button.style.cssText = 'position:fixed;right:1rem;bottom:1rem;z-index:40;border:0;border-radius:2rem;' +
    'padding:.8rem 1.3rem;background:#a4512f;color:#fff;font:inherit;box-shadow:0 4px 16px rgb(0 0 0/.25);cursor:pointer';
  button.onclick = function () { button.textContent = zh ? '您好，想喝什麼茶？' : 'Hello! Which tea would you like?'; };
  document.body.appendChild(button);
})();
