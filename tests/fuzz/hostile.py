"""Input made to take long: families that grow by repeating one piece, and the work each of them is given to."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import NamedTuple

from gateway.enforcement import css
from gateway.enforcement.charset import header_charset
from gateway.enforcement.click_ids import ClickIds
from gateway.enforcement.cookies import CookieFilter
from gateway.enforcement.headers import split_list
from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.policy_headers import HeaderPolicy
from gateway.model.categories import Category, Fate, State
from gateway.model.decision import Decision
from tests.enforcement.trackers import banner, policy

Work = Callable[[bytes], object]


class Family(NamedTuple):
    """`before`, then `piece` again and again, then `after`; a `%d` in the piece becomes its number."""

    work: Work
    piece: bytes
    before: bytes = b""
    after: bytes = b""

    def of(self, size: int) -> bytes:
        """About `size` bytes of it."""
        times = size // len(self.piece) + 1
        if b"%d" in self.piece:
            return self.before + b"".join(self.piece % number for number in range(times)) + self.after
        return self.before + self.piece * times + self.after


def page(data: bytes, size: int = 1 << 16) -> None:
    """A page in pieces of `size` bytes, where everything is refused and where nothing is chosen yet."""
    for fate in (Fate.REMOVE, Fate.HOLD):
        rewriter = HtmlRewriter(policy(fate), banner())
        for at in range(0, len(data), size):
            rewriter.write(data[at : at + size])
        rewriter.end()


def crumbs(data: bytes) -> None:
    """A page in pieces of seven bytes."""
    page(data, 7)


def nested(data: bytes) -> None:
    """Documents in documents, deeper than the rewriter goes."""
    text = data.decode("latin-1")
    for _ in range(10):
        text = f'<iframe srcdoc="{html.escape(text)}">'
    page(text.encode())


def style(data: bytes) -> None:
    """A style sheet of which nothing may load."""
    css.filtered(data, lambda url, imported: False)


_NOTHING = Decision(State.UNSET, State.UNSET, State.UNSET)
_EVERYTHING = Decision(State.GRANTED, State.GRANTED, State.GRANTED)


def cookie(data: bytes) -> None:
    """A `Cookie` line and the expiries for what was in it."""
    filters = CookieFilter(lambda name: Category.MARKETING if name.startswith("_") else None)
    _, removed = filters.request([(b"cookie", data)], _NOTHING)
    filters.expiries(removed, "www.shop.test", "https")


def set_cookie(data: bytes) -> None:
    """A `Set-Cookie` line without and with consent."""
    for decision in (_NOTHING, _EVERYTHING):
        CookieFilter(lambda name: Category.MARKETING).response([(b"set-cookie", data)], decision)


def header(data: bytes) -> None:
    """The same value under every name that is read."""
    names = (
        b"link",
        b"content-security-policy",
        b"report-to",
        b"reporting-endpoints",
        b"refresh",
        b"speculation-rules",
        b"permissions-policy",
        b"referrer-policy",
        b"cache-control",
        b"vary",
    )
    for name in names:
        HeaderPolicy(lambda url, kind: False, own="https://shop.test/_choices/").page(
            [(name, data), (b"content-security-policy", b"a")]
        )
    split_list(data)
    header_charset(data)


def address(data: bytes) -> None:
    """An address with a query."""
    ClickIds().url(b"/?" + data)


_PAGES = {
    "less-than signs": (b"<",),
    "comments": (b"<!--",),
    "comment ends": (b"--!", b"<!--"),
    "links": (b"<a ",),
    "closed links": (b"<a href=//out.test/%d?gclid=1>",),
    "slashes": (b"/", b"<a "),
    "equals signs": (b"=", b"<a "),
    "ampersands": (b"&", b'<a style="', b'">'),
    "quotes": (b'"', b"<img src="),
    "end tags": (b"</",),
    "declarations": (b"<!",),
    "instructions": (b"<?",),
    "bogus": (b"</ ",),
    "a long reference": (b"a", b'<img src="&', b'">'),
    "a long number": (b"9", b'<img src="&#', b'">'),
    "references": (b"&notit", b'<img src="', b'">'),
    "svg": (b"<svg>",),
    "math": (b"<math>",),
    "svg in html in svg": (b"<svg><foreignObject>",),
    "ends in deep svg": (b"</x>", b"<svg>" + b"<g>" * 600),
    "ends in a deep point": (b"</svg>", b"<svg><desc>" + b"<x>" * 600),
    "break-outs in svg": (b"<svg><p>",),
    "doubt": (b"<svg></div><title>a</title>",),
    "scripts in svg": (b"<script>", b"<svg>"),
    "sheets in svg": (b"<style>", b"<svg>"),
    "scripts in svg that end": (b"<script>", b"<svg>", b"</script>"),
    "both in svg": (b"<script><style>", b"<svg>"),
    "other ends in svg": (b"</a", b"<svg><script>"),
    "cdata": (b"<![CDATA[", b"<svg>"),
    "cdata ends": (b"]]", b"<svg><![CDATA["),
    "selects": (b"<select>",),
    "raw text in select": (b"<title>", b"<select>"),
    "closed raw text in select": (b"<select><style></style>",),
    "noscripts in select": (b"<select><noscript>",),
    "templates": (b"<template>",),
    "bodies": (b"<body>",),
    "bases": (b"<base href=/%d/>",),
    "scripts": (b"<script>",),
    "escaped scripts": (b"<!--<script>", b"<script>"),
    "script ends": (b"</script", b"<script>"),
    "an end without end": (b" a=b", b"<script></script"),
    "a long script": (b"x", b"<script>"),
    "addresses in a script": (b'"a.b.', b"<script>createElement("),
    "a list in a script": (b'"//a.test",', b"<script>["),
    "white space in a script": (b" ", b"<script>createElement"),
    "noscripts": (b"<noscript>",),
    "text areas": (b"</textare", b"<textarea>"),
    "titles": (b"<title></title>",),
    "a long name": (b"a", b"<"),
    "a long attribute": (b"a", b"<img "),
    "a long value": (b"a", b"<img src="),
    "attributes": (b"a%d=b ", b"<img ", b">"),
    "repeated attributes": (b"src=//counter.test ", b"<img ", b">"),
    "data attributes": (b"data-src%d=//counter.test ", b"<img ", b">"),
    "side effects": (b"style=a(b) ping=c background=d ", b"<p ", b">"),
    "a lazy name": (b"src", b"<img data-", b"!=/a>"),
    "white space in a width": (b" ", b'<img src=/ width="1', b'x">'),
    "zeros in a width": (b"0", b'<img src=/ width="', b'x">'),
    "white space in a frame's width": (b" ", b'<iframe src=//video.test width="1', b'x">'),
    "a srcset": (b"//counter.test/%d 1x,", b'<img srcset="', b'">'),
    "commas in a srcset": (b",", b'<img srcset="', b'">'),
    "words in a srcset": (b"a ", b'<img srcset="', b'">'),
    "pings": (b"//counter.test ", b'<a ping="', b'">'),
    "a style attribute": (b"url(//counter.test)", b'<p style="', b'">'),
    "a refresh": (b" ", b'<meta http-equiv=refresh content="1', b'x">'),
    "dots in an address": (b"/..", b"<script src=/a", b">"),
    "words of rel": (b"a ", b'<link rel="', b'" href=//counter.test>'),
    "a percent-encoded host": (b"%61", b"<script src=//", b">"),
    "a wide host": ("。ａ".encode(), b"<script src=//", b">"),
    "data addresses": (b"data:text/html,<iframe src=", b"<iframe src='", b"'>"),
    "no text": (b"\x00",),
    "text": (b"a ",),
    "hidden styles": (b"opacity:0", b'<img src=/ style="', b'">'),
    "style white space": (b" ", b'<img src=/ style="width:1', b'x">'),
    "import maps": (b"'//counter.test'", b"<script type=importmap>", b"</script>"),
}
_STYLES = {
    "addresses": (b"url(",),
    "quoted addresses": (b"url('",),
    "imports": (b"@import ",),
    "commented imports": (b"@import/*",),
    "image sets": (b"image-set(",),
    "strings in image sets": (b"image-set('",),
    "comments": (b"/*",),
    "strings": (b"'\n",),
    "escapes": (b"\\", b"url("),
    "brackets": (b"(",),
    "letters as codes": (b"\\75 ",),
    "zeros": (b"\\000075",),
    "slashes": (b"/",),
}
_COOKIES = {
    "semicolons": (b";",),
    "names": (b"_a%d=1;",),
    "one name": (b"_a=1; ",),
    "equals signs": (b"=",),
    "white space": (b" ",),
}
_SET_COOKIES = {
    "semicolons": (b";",),
    "lifetimes": (b";max-age=1",),
    "white space in a lifetime": (b" ", b"a=1; max-age=1", b"x"),
    "white space before one": (b" ", b"a=1;", b"x"),
    "a date": (b"1 ", b"a=1; expires="),
    "digits": (b"9", b"a=1; max-age="),
    "a path": (b"/a", b"a=1; path="),
    "a domain": (b".a", b"a=1; domain="),
    "zeros": (b"0", b"a=1; max-age=", b"x"),
}
_HEADERS = {
    "commas": (b",",),
    "quotes": (b'"',),
    "escaped quotes": (b'\\"', b'"'),
    "quotes with escapes": (b'"\\',),
    "links": (b"<a>;rel=preload,",),
    "parameters": (b";a=b", b"<a>"),
    "quoted parameters": (b';a="b', b"<a>"),
    "less-than signs": (b"<",),
    "white space": (b" ",),
    "white space in links": (b" ", b"<a>; a", b"x"),
    "brackets": (b"[",),
    "groups": (b'{"endpoints":[{"url":"/a"}]},',),
    "a srcset": (b"/a,", b'<a>;imagesrcset="', b'"'),
    "charsets": (b"charset",),
    "charset white space": (b" ", b"charset", b"x"),
    "digits": (b"1",),
    "words of rel": (b"preload ", b'<a>; rel="', b'"'),
    "directives": (b";img-src%d a",),
    "sources": (b" https://a%d.test", b"script-src"),
    "report addresses": (b" //counter.test/", b"report-uri"),
}
_ADDRESSES = {
    "ampersands": (b"&",),
    "names": (b"%67",),
    "ids": (b"gclid=1&",),
    "plus signs": (b"+",),
    "hashes": (b"#",),
}
FAMILIES: dict[str, Family] = {
    f"{kind}: {name}": Family(work, *parts)
    for kind, work, families in (
        ("page", page, _PAGES),
        ("page in crumbs", crumbs, _PAGES),
        ("page in pages", nested, {"attributes": (b"<p a=b>",), "quotes": (b'"',)}),
        ("style", style, _STYLES),
        ("cookie", cookie, _COOKIES),
        ("set-cookie", set_cookie, _SET_COOKIES),
        ("header", header, _HEADERS),
        ("address", address, _ADDRESSES),
    )
    for name, parts in families.items()
}
