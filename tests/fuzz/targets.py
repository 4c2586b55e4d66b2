"""What must hold for any bytes: each target takes a fuzzer's input and raises AssertionError where it does not.

The first bytes of an input choose the state of consent and the size of the pieces, the rest is what comes in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from gateway.enforcement import css
from gateway.enforcement.charset import Transcoder, Undeclared, header_charset, needs_decoding
from gateway.enforcement.click_ids import ClickIds
from gateway.enforcement.comments import without_comments
from gateway.enforcement.cookies import EXPIRY_BUDGET, CookieFilter
from gateway.enforcement.edit import Count
from gateway.enforcement.encodings import OUTPUT_LIMIT, codings, decoder
from gateway.enforcement.headers import add_vary, split_list, unshare
from gateway.enforcement.html import HtmlRewriter, Injection
from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.policy_headers import HeaderPolicy, link
from gateway.enforcement.sniffing import claims_html, looks_like_html
from gateway.enforcement.url import locate
from gateway.errors import RewriteError
from gateway.model.categories import Category, Fate, State
from gateway.model.decision import Decision
from gateway.types import RawHeaders
from tests.enforcement.trackers import SHOP, Listener, banner, policy

Target = Callable[[bytes], None]

_STATES = (policy(Fate.KEEP), policy(Fate.HOLD), policy(Fate.REMOVE), policy(Fate.REMOVE, block_unknown=True))
_KEEP, _REMOVE = _STATES[0], _STATES[2]
_MOST = 4096


def rewriter(data: bytes) -> None:
    """Pieces do not matter; what needs nothing stays; what was closed stays closed when it is read again."""
    state, size, page = _STATES[data[0] % 4 if data else 0], 1 + (data[1] % 64 if len(data) > 1 else 0), data[2:]
    for injection in (None, banner()):
        whole, counts = _rewritten(page, state, injection, len(page) or 1)
        assert (whole, counts) == _rewritten(page, state, injection, size), f"pieces of {size}"
    whole, counts = _rewritten(page, _KEEP, None, size)
    assert all(what in ("referrer", "endless") for _, what, _ in counts)
    assert counts or whole == page
    _nothing_loads(_rewritten(page, _REMOVE, None, size)[0])


def _rewritten(page: bytes, rules: PagePolicy, injection: Injection | None, size: int) -> tuple[bytes, Counter[Count]]:
    rewriter = HtmlRewriter(rules, injection)
    pieces = [rewriter.write(page[at : at + size]) for at in range(0, len(page), size)]
    out = b"".join(pieces) + rewriter.end()
    return out, rewriter.counts


def _nothing_loads(page: bytes) -> None:
    listener = Listener()
    again = HtmlRewriter(listener)
    again.write(page)
    again.end()
    targets = (locate(url, SHOP) for url in listener.urls)
    assert not {target.host for target in targets if target} & {"counter.test", "adverts.test"}, page
    for script in listener.scripts:
        assert _REMOVE.inline(without_comments(script)).fate is Fate.KEEP, script


def _category(name: str) -> Category | None:
    if name.startswith(("_", "__Host-_", "__Secure-_")):
        return {"_p": Category.PREFERENCES, "_m": Category.MARKETING}.get(name[-2:], Category.STATISTICS)
    return Category.NECESSARY if name == "sid" else None


_NOTHING = Decision(State.UNSET, State.UNSET, State.UNSET)
_EVERYTHING = Decision(State.GRANTED, State.GRANTED, State.GRANTED)


def cookies(data: bytes) -> None:
    """Consent keeps `Cookie` byte for byte; without it no optional name is left; expiries are small and clean."""
    lines = data.split(b"\n")
    sent: RawHeaders = [(b"cookie", line) for line in lines]
    filters = CookieFilter(_category, own=frozenset(), domains=lambda host: ("shop.test",), clock=lambda: 1.8e9)
    assert filters.request(sent, _EVERYTHING) == (sent, [])
    kept, removed = filters.request(sent, _NOTHING)
    assert filters.request(kept, _NOTHING) == (kept, [])
    pairs = [pair for _, line in sent for pair in line.split(b";")]
    for _, line in kept:
        for pair in line.split(b";"):
            assert any(pair.strip(b" \t") == other.strip(b" \t") for other in pairs)
            name = pair.strip(b" \t=").partition(b"=")[0].rstrip(b" \t").decode("latin-1")
            assert _category(name) in (None, Category.NECESSARY)
    answer: RawHeaders = [(b"set-cookie", line) for line in lines]
    passed, dropped = filters.response(answer, _NOTHING, "/a/b")
    assert len(passed) + len(dropped) == len(answer)
    again = filters.response(passed, _NOTHING, "/a/b")
    assert again == (passed, [])
    granted, refused = filters.response(answer, _EVERYTHING, "/a/b")
    assert filters.response(granted, _EVERYTHING, "/a/b") == (granted, [])
    assert not refused
    for scheme in ("http", "https"):
        expiries = filters.expiries(removed, "www.shop.test", scheme)
        assert sum(len(b"set-cookie: \r\n" + line) for line in expiries) <= EXPIRY_BUDGET
        assert not any(set(line) & {0, 10, 13} for line in expiries)


_IDS = ClickIds()
_NAMES = (
    b"link",
    b"report-to",
    b"nel",
    b"reporting-endpoints",
    b"refresh",
    b"speculation-rules",
    b"permissions-policy",
    b"referrer-policy",
    b"cache-control",
    b"vary",
    b"content-type",
    b"content-encoding",
    b"content-security-policy",
    b"content-security-policy-report-only",
)


def headers(data: bytes) -> None:
    """Applied twice is applied once, and nothing that was denied is found again."""
    lines = data.split(b"\n")
    answer: RawHeaders = [(_NAMES[line[0] % len(_NAMES)], line[1:]) for line in lines if line]
    denied: list[str] = []

    def judge(url: str, kind: str) -> bool:
        denied.extend([url] * ("counter" in url))
        return "counter" not in url

    for marketing in (False, True):
        rules = HeaderPolicy(judge, marketing=marketing, own="https://shop.test/_choices/")
        once = rules.page(answer)
        denied.clear()
        assert sorted(rules.page(once)) == sorted(once)
        assert not denied
    unshare(answer)
    assert add_vary(add_vary(answer, b"Cookie"), b"Cookie") == add_vary(answer, b"Cookie")
    claims_html(answer)
    for _, value in answer:
        split_list(value)
        codings(value)
        header_charset(value)
        shorter = link(value, lambda url, kind: True)
        assert link(shorter, lambda url, kind: True) == shorter


def style(data: bytes) -> None:
    """A sheet that may load everything stays; of one that may not, no whole `url()` and no import is left."""
    assert css.filtered(data, lambda url, imported: True) == data
    once = css.filtered(data, lambda url, imported: False)
    assert not _LEFT.search(once), once


_LEFT = re.compile(rb"""(?:\burl\(|@import )["']?//counter.test/?["')]""")


def addresses(data: bytes) -> None:
    """Ids go at once; any address has a place or none."""
    rest, names = _IDS.url(data)
    assert _IDS.url(rest) == (rest, ())
    assert names or rest == data
    _IDS.referer(data, "shop.test")
    target = locate(data.decode("utf-8", "surrogateescape"), SHOP)
    assert target is None or target.path.startswith("/")


def bodies(data: bytes) -> None:
    """Any body is decoded piece by piece, within the limits, or refused; pieces make no other page of it."""
    coding = (b"gzip", b"deflate", b"br", b"zstd", b"gzip, br", b"")[data[0] % 6 if data else 5]
    body = data[1:]
    looks_like_html(body, complete=True)
    codec = needs_decoding(b"", body) or ("utf-16-le", "iso-2022-jp")[len(body) % 2]
    assert _transcoded(codec, body, len(body) or 1) == _transcoded(codec, body, 1)
    guard = Undeclared()
    for at in range(0, min(len(body), 256), 7):
        guard.write(body[at : at + 7])
    one, many = _decoded(coding, body, len(body) or 1), _decoded(coding, body, 3)
    assert one == many or None in (one, many)  # what is broken may be found out sooner or later


def _transcoded(codec: str, body: bytes, size: int) -> bytes:
    transcoder = Transcoder(codec)
    return b"".join(transcoder.write(body[at : at + size]) for at in range(0, len(body), size)) + transcoder.end()


def _decoded(coding: bytes, body: bytes, size: int) -> bytes | None:
    found = decoder(coding)
    assert found is not None
    out: list[bytes] = []
    try:
        for at in range(0, len(body), size):
            out.append(found.decode(body[at : at + size]))
            while found.pending and len(out) < _MOST:
                out.append(found.decode(b""))
            assert all(len(piece) <= 16 * OUTPUT_LIMIT for piece in out)
        out.append(found.flush())
    except RewriteError:
        return None
    return b"".join(out)


TARGETS: dict[str, Target] = {
    "rewriter": rewriter,
    "cookies": cookies,
    "headers": headers,
    "style": style,
    "addresses": addresses,
    "bodies": bodies,
}
