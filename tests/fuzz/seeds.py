"""What a fuzzer starts from: an input or more for each target, and words it may put in."""

from __future__ import annotations

import gzip
import zlib

import brotli
import zstandard

from tests.enforcement.markup import PARTS

_PAGES = [bytes((2, 5)) + text.encode() for text in PARTS.values()]
_COOKIES = [
    b'sid=1; _ga=2; x="a;b"; =_m=3;; __Host-_p=1 ;_m',
    b"_ga=1; Max-Age=63072000; Path=/; Domain=.shop.test; Secure\nsid=2; HttpOnly; SameSite=Lax",
    b"_m=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/deep\n_p=; expires=Sat Jul 24 2027 22:30:27 GMT+0000",
    b"__Secure-_ga=1; Secure; Partitioned\n\n=;=; ;",
]
_HEADERS = [
    b"\x00<https://counter.test/a.js>; rel=preload; as=script, </b>; rel=next\n\x02{}",
    b'\x01{"group":"g","endpoints":[{"url":"https://counter.test/"}]}\n\x03a="https://counter.test/", b="/r"',
    b"\x040; url='https://counter.test/'\n\x05\"//counter.test/rules\"\n\x06camera=(), browsing-topics=*",
    b'\x07unsafe-url, no-referrer\n\x08public, private="a, b", s-maxage=1\n\x09*, Accept\n\x0atext/html\n\x0bgzip',
    b'\x00</a>; rel="preload stylesheet"; imagesrcset="//counter.test/i 1x, /b 2x"; as=image',
    b"\x0cscript-src 'self' 'nonce-a'; report-uri //counter.test/ /r; report-to g\n\x0ddefault-src *;;img-src",
]
_STYLES = [
    b"@import '//counter.test/a.css'; a { background: url(//counter.test/b) }",
    b'b{src:image-set("//counter.test/1" 1x, url( "\\2f/counter.test/2" ) 2x)} /* url(x) */ @import/**/url(counter)',
]
_ADDRESSES = [
    b"https://u:p@a.test:1/x/../y?gclid=1&%67clid=2&b#c",
    b"\\\\A.test\\b",
    b"//[::1]/",
    b"\x01 ht\ntp:/a%2e.b",
]
_PAGE = b"<p>a</p>" * 9
_BODIES = [
    b"\x00" + gzip.compress(_PAGE, mtime=0) + gzip.compress(b"b", mtime=0),
    b"\x01" + zlib.compress(_PAGE),
    b"\x02" + brotli.compress(_PAGE),
    b"\x03" + zstandard.compress(_PAGE) + zstandard.compress(b""),
    b"\x04" + brotli.compress(gzip.compress(_PAGE, mtime=0)),
    b"\x05<meta charset=iso-2022-jp>\x1b$B",
    b"\x05\xff\xfe<\x00p\x00>\x00",
]
SEEDS: dict[str, list[bytes]] = {
    "rewriter": _PAGES,
    "cookies": _COOKIES,
    "headers": _HEADERS,
    "style": _STYLES,
    "addresses": _ADDRESSES,
    "bodies": _BODIES,
}
WORDS = [
    word.encode("latin-1")
    for word in [
        "//counter.test/a",
        "<script",
        "</script>",
        "<style>",
        "</style>",
        "<svg>",
        "</svg>",
        "<math>",
        "<select>",
        "</select>",
        "<noscript>",
        "</noscript>",
        "<template>",
        "<textarea>",
        "<title>",
        "<iframe ",
        'srcdoc="',
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "<!doctype html>",
        "<body>",
        "</body>",
        "<base href=",
        " src=",
        " href=",
        'style="',
        "url(",
        "@import ",
        "image-set(",
        "count(1)",
        "&quot;",
        "&lt;",
        "&#x2f;",
        "data-src=",
        "srcset=",
        "<foreignObject>",
        "<img ",
        "<link rel=stylesheet ",
        "<a ping=",
        "<meta ",
        "_ga=",
        "_m=",
        "; Path=/",
        "; Domain=",
        "; Max-Age=",
        "; Expires=",
        "Sat, 24 Jul 2027 22:30:27 GMT",
        "; Secure",
        "; Partitioned",
        "__Host-_ga",
        "rel=",
        "counter",
        "gclid=",
        "%67clid",
        "\x1b$B",
        "<meta charset=iso-2022-jp>",
        "javascript:",
        "data:text/html,",
        "<embed ",
        "<object data=",
        "<p>",
        "<mi>",
        "<annotation-xml encoding=text/html>",
        "<desc>",
    ]
]
