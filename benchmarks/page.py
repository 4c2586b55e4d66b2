"""The pages every benchmark serves: a shop's category pages of 56 KB with the usual tags.

`page` is one that is the same at each call; `visit` is what a real shop sends, where hardly two answers are equal.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Final

SIZE: Final = 56 * 1024
"""Bytes of the page, exactly."""

TRACKERS: Final = (
    b"www.googletagmanager.com",
    b"connect.facebook.net",
    b"d.line-scdn.net",
    b"static.hotjar.com",
)
"""Hosts that stand in the page and must be gone from it where everything is refused."""

CATEGORIES: Final = 40
"""Different pages that visitors ask for in turn."""

_SLOT: Final = "\0"
"""Stands where something of the visitor's own is put in."""

_HEAD: Final = """<!DOCTYPE html>
<html lang="zh-Hant-TW" class="no-js">
<head>
<meta charset="utf-8">
<title>茶器與文具｜青石商行</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="慢慢挑一只壺，慢慢寫一封信。全館滿 1,200 元免運費，七天鑑賞期。">
<meta property="og:type" content="website">
<meta property="og:title" content="茶器與文具｜青石商行">
<meta property="og:image" content="/media/share/tea-and-paper.jpg">
<meta name="csrf-token" content="k3Zb1v0c9m2qYt7e">
<link rel="canonical" href="/collections/tea-and-paper">
<link rel="preconnect" href="https://www.googletagmanager.com">
<link rel="dns-prefetch" href="//connect.facebook.net">
<link rel="preload" as="style" href="/assets/theme.css?v=1734">
<link rel="stylesheet" href="/assets/theme.css?v=1734">
<link rel="icon" type="image/png" href="/assets/icon-32.png">
<script>document.documentElement.className = 'js';</script>
<!-- Google Tag Manager -->
<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':
new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],
j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;j.src=
'https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);
})(window,document,'script','dataLayer','GTM-QSHOP01');</script>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-QSHOP00001"></script>
<script>
window.dataLayer = window.dataLayer || [];
function gtag(){dataLayer.push(arguments);}
gtag('js', new Date());
gtag('config', 'G-QSHOP00001', {currency: 'TWD'});
gtag('event', 'view_item_list', {item_list_id: 'tea-and-paper'});
</script>
<script>
!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?
n.callMethod.apply(n,arguments):n.queue.push(arguments)};if(!f._fbq)f._fbq=n;
n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;
t.src=v;s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}(window,
document,'script','https://connect.facebook.net/en_US/fbevents.js');
fbq('init', '200000000000002');
fbq('track', 'PageView');
</script>
<noscript><img height="1" width="1" style="display:none" alt=""
src="https://www.facebook.com/tr?id=200000000000002&amp;ev=PageView&amp;noscript=1"></noscript>
<script>
(function(g,d,o){g._ltq=g._ltq||[];g._lt=g._lt||function(){g._ltq.push(arguments)};
var h=location.protocol==='https:'?'https://d.line-scdn.net':'http://d.line-cdn.net';
var s=d.createElement('script');s.async=1;s.src=o||h+'/n/line_tag/public/release/v1/lt.js';
var t=d.getElementsByTagName('script')[0];t.parentNode.insertBefore(s,t);})(window,document);
_lt('init', {customerType: 'lap', tagId: '11111111-2222-3333-4444-555555555555'});
_lt('send', 'pv', ['11111111-2222-3333-4444-555555555555']);
</script>
<script>
(function(h,o,t,j,a,r){h.hj=h.hj||function(){(h.hj.q=h.hj.q||[]).push(arguments)};
h._hjSettings={hjid:2000002,hjsv:6};a=o.getElementsByTagName('head')[0];
r=o.createElement('script');r.async=1;r.src=t+h._hjSettings.hjid+j+h._hjSettings.hjsv;
a.appendChild(r);})(window,document,'https://static.hotjar.com/c/hotjar-','.js?sv=');
</script>
<style>.grid{display:grid;gap:24px;grid-template-columns:repeat(auto-fill,minmax(220px,1fr))}
.card{background:#fff;border-radius:12px}.card .price b{color:#8a3324}</style>
"""

_TOP: Final = """</head>
<body class="template-collection">
<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-QSHOP01" height="0" width="0"
style="display:none;visibility:hidden"></iframe></noscript>
<a class="skip" href="#main">跳到主要內容</a>
<header class="site-header"><a href="/" class="logo"><svg viewBox="0 0 32 32" width="32" height="32"
aria-hidden="true"><path d="M4 20c4-9 20-9 24 0v6H4z" fill="#30463f"/><circle cx="16" cy="9" r="4"/></svg>
青石商行</a>
<nav><ul>
<li><a href="/collections/tea">茶葉</a></li><li><a href="/collections/ware">茶器</a></li>
<li><a href="/collections/paper">文具</a></li><li><a href="/pages/story">我們的故事</a></li>
</ul></nav>
<form action="/search" method="get" role="search"><input type="search" name="q" placeholder="搜尋商品">
<button type="submit">搜尋</button></form>
<a href="/cart" class="cart">購物車 <span data-cart-count>0</span></a></header>
<main id="main"><h1>茶器與文具</h1>
<form class="filters" method="get"><label>排序 <select name="sort"><option value="new">最新</option>
<option value="low">價格由低到高</option><option value="high">價格由高到低</option></select></label></form>
<div class="grid">
"""

_CARD: Final = """<article class="card product-card" data-product-id="{number}">
  <a href="/products/{slug}-{number}" class="card__image">
    <img src="/media/products/{slug}-{number}-480.webp" srcset="/media/products/{slug}-{number}-480.webp 480w,
    /media/products/{slug}-{number}-960.webp 960w" sizes="(max-width: 600px) 50vw, 240px" width="480"
    height="480" loading="lazy" alt="{name}，正面">
  </a>
  <h3><a href="/products/{slug}-{number}">{name}</a></h3>
  <p class="card__text">{text}</p>
  <p class="price"><b>NT$ {price:,}</b> <s>NT$ {before:,}</s></p>
  <ul class="badges"><li class="badge">現貨</li><li class="badge">七天鑑賞</li></ul>
  <form action="/cart/add" method="post"><input type="hidden" name="id" value="{number}">
    <button type="submit" class="button" data-track="add_to_cart">加入購物車</button></form>
</article>
"""

_GOODS: Final = (
    ("side-teapot", "側把陶壺", "手拉坯，出水俐落，握把留了指節的位置。"),
    ("letter-set", "直書信紙組", "八十磅米色紙，鋼筆不暈，附信封十只。"),
    ("bamboo-scoop", "竹製茶則", "孟宗竹，一次一泡的量，背面刻了年份。"),
    ("glass-pitcher", "耐熱公道杯", "壁厚一點六毫米，看得清茶湯的顏色。"),
    ("brass-pen", "黃銅鋼筆", "越寫越亮，筆尖可換，附三色墨水試瓶。"),
)

_SEASONS: Final = ("春茶", "夏日", "秋燈", "冬藏", "案頭", "旅途", "贈禮")
_NAMES: Final = ("王小明", "林怡君", "Chen Yu-Ting", "張雅婷", "Alexandra Papadopoulou", "李冠廷", "O&#39;Neill", "黃")

_FOOT: Final = """</div>
<iframe src="https://www.youtube.com/embed/AbCdEfGhIjK" width="560" height="315" title="製壺的一天"
loading="lazy" allowfullscreen></iframe>
</main>
<footer><p>© 青石商行　統一編號 00000000</p>
<ul><li><a href="/pages/shipping">運送方式</a></li><li><a href="/pages/returns">退換貨</a></li>
<li><a href="https://www.instagram.com/example" rel="noopener">Instagram</a></li></ul></footer>
<script src="/assets/vendor.js?v=1734" defer></script>
<script src="/assets/theme.js?v=1734" defer></script>
<script src="https://cdn.jsdelivr.net/npm/swiper@11/swiper-bundle.min.js" defer></script>
<script>fbq('track', 'ViewCategory', {content_category: 'tea-and-paper', currency: 'TWD'});</script>
<script>
document.addEventListener('click', function (event) {
  var button = event.target.closest('[data-track]');
  if (button) dataLayer.push({event: button.dataset.track, product: button.form.elements.id.value});
});
</script>
<!--"""

_TAIL: Final = "-->\n</body>\n</html>\n"


def page() -> bytes:
    """The page's bytes: as many product cards as fit, then a comment up to `SIZE`."""
    start = _HEAD + _structured(16) + _TOP
    frame = len((start + _FOOT + _TAIL).encode())
    cards: list[bytes] = []
    room = SIZE - frame
    while len(card := _card(len(cards)).encode()) <= room:
        cards.append(card)
        room -= len(card)
    return start.encode() + b"".join(cards) + _FOOT.encode() + b"." * room + _TAIL.encode()


def visit(number: int) -> bytes:
    """The page of visit `number`: one category of `CATEGORIES`, with a visitor's own token, name, cart and history.

    The token stands in the head and in each form, as frameworks put it there; 1 to 6 products were viewed recently.
    The length differs a little from `SIZE`.
    """
    parts = _template(number % CATEGORIES)
    token = hashlib.sha256(number.to_bytes(8, "big")).hexdigest().encode()
    who = b"<b class=\"visitor\">%s</b>" % _NAMES[number * 7 % len(_NAMES)].encode()
    own = [token, who, b"%d" % (number * 5 % 12), *[token] * (len(parts) - 5), _viewed(number)]
    return b"".join([piece for pair in zip(parts, own, strict=False) for piece in pair] + [parts[-1]])


@cache
def _template(category: int) -> tuple[bytes, ...]:
    """What lies between the slots of one category's page."""
    title = f"{_SEASONS[category % len(_SEASONS)]}選品第{category + 1}輯"
    head = _HEAD.replace("k3Zb1v0c9m2qYt7e", _SLOT).replace("茶器與文具", title)
    top = _TOP.replace("茶器與文具", title).replace("</form>\n<a", "</form>\n" + _SLOT + "<a")
    top = top.replace("data-cart-count>0<", f"data-cart-count>{_SLOT}<")
    foot = _FOOT.replace("</main>", f'<section class="viewed"><h2>最近看過</h2><ul>{_SLOT}</ul></section>\n</main>')
    start = head + _structured(16, category * 97) + top
    secret = f'<input type="hidden" name="csrf" value="{_SLOT}">'
    room = SIZE - len((start + foot + _TAIL).encode())
    cards = ""
    for place in range(SIZE):
        card = _card(place * 11 % 64 + category * 97).replace('method="post">', f'method="post">{secret}')
        room -= len(card.encode()) + 64
        if room < 0:
            break
        cards += card
    return tuple(part.encode() for part in f"{start}{cards}{foot}{_TAIL}".split(_SLOT))


@cache
def _seen(product: int) -> bytes:
    slug, name, text = _GOODS[product % len(_GOODS)]
    words = text[: 6 + product % 12]
    return f'<li><a href="/products/{slug}-{1000 + product}" title="{words}">{name}</a></li>'.encode()


def _viewed(number: int) -> bytes:
    return b"".join(_seen((number * 13 + place * 29) % 400) for place in range(1 + number % 6))


def _card(number: int) -> str:
    slug, name, text = _GOODS[number % len(_GOODS)]
    price = 380 + number * 37 % 2900
    return _CARD.format(number=1000 + number, slug=slug, name=name, text=text, price=price, before=price + 120)


def _structured(number: int, first: int = 0) -> str:
    items = [
        {
            "@type": "ListItem",
            "position": place + 1,
            "url": f"/products/{_GOODS[(first + place) % 5][0]}-{1000 + first + place}",
            "name": _GOODS[(first + place) % 5][1],
        }
        for place in range(number)
    ]
    data = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}
    return f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>\n'
