from __future__ import annotations

import asyncio
import gzip
import random
import socket
import zlib
from collections.abc import Sequence
from typing import Any

import brotli
import pytest
import zstandard

from gateway.errors import UpstreamTimeout
from gateway.middleware.html import HtmlMiddleware
from gateway.types import RawHeaders, Scope
from tests.proxy.servers import serve

HTML = (b"content-type", b"text/html; charset=utf-8")
PAGE = b"<!doctype html><title>t</title><p>" + "商店".encode() * 50
BROWSER = [(b"sec-fetch-dest", b"document"), (b"accept", b"text/html,*/*"), (b"accept-encoding", b"gzip, br")]
LETTERS = bytes(random.Random(3).choices(b"abcdefghij", k=6000))


class Shouting:
    """A rewriter that shows where it was: ASCII letters become capitals, the end is marked."""

    def __init__(self, fails_at: bytes = b"") -> None:
        self._fails_at = fails_at

    def write(self, data: bytes) -> bytes:
        if self._fails_at and self._fails_at in data:
            raise RuntimeError("planted")
        return data.upper() if data != b"hold" else b""

    def end(self) -> bytes:
        if self._fails_at == b"end":
            raise RuntimeError("planted")
        return b"[END]"


class Visit:
    """One request through the middleware to a shop that answers with the given pieces."""

    def __init__(
        self,
        status: int = 200,
        headers: RawHeaders | None = None,
        pieces: Sequence[bytes] = (PAGE,),
        *,
        request: RawHeaders | None = None,
        method: str = "GET",
        path: str = "/",
        rewriter: Shouting | str | None = "shouting",
    ) -> None:
        self.counted: list[str] = []
        self.asked: RawHeaders = []
        self.sent: list[Any] = []
        made = Shouting() if isinstance(rewriter, str) else rewriter

        async def shop(scope: Any, receive: Any, send: Any) -> None:
            self.asked = scope["headers"]
            await send({"type": "http.response.debug"})
            lines = [HTML] if headers is None else headers
            await send({"type": "http.response.start", "status": status, "headers": lines})
            for number, piece in enumerate(pieces, 1):
                await send({"type": "http.response.debug"})
                await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

        def rewriter_for(scope: Scope, status: int, headers: RawHeaders) -> Shouting | None:
            return made

        async def receive() -> Any: ...

        async def send(message: Any) -> None:
            if message["type"] != "http.response.debug":
                self.sent.append(message)

        middleware = HtmlMiddleware(
            shop, rewriter_for=rewriter_for, untouched=lambda path: path == "/pay", count=self.counted.append
        )
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": BROWSER if request is None else request,
        }
        asyncio.run(middleware(scope, receive, send))

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> RawHeaders:
        """Those of the answer, without a length that is true."""
        length = (b"content-length", b"%d" % sum(len(message.get("body", b"")) for message in self.sent))
        return [line for line in self.sent[0]["headers"] if line != length or len(self.sent) != 2]

    @property
    def body(self) -> bytes:
        assert not self.sent[-1].get("more_body"), "the answer has no end"
        return b"".join(message["body"] for message in self.sent[1:])


@pytest.mark.parametrize(
    "content_type",
    [
        b"text/html",
        b"TEXT/HTML;charset=utf-8",
        b" text/html ",
        b"application/xhtml+xml",
        b"image/png, text/html",
    ],
)
def test_pages_are_rewritten(content_type: bytes) -> None:
    visit = Visit(headers=[(b"content-type", content_type)])
    assert visit.body == PAGE.upper() + b"[END]"


@pytest.mark.parametrize(
    "content_type", [b"text/plain", b"application/json", b"image/svg+xml", b"text/htmlx", b"a/b"]
)
def test_other_answers_pass_as_the_very_same_messages(content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"etag", b'"1"'), (b"content-length", b"3")]
    visit = Visit(206, headers, [PAGE, b"rest"])
    assert visit.sent[0]["headers"] is headers
    assert visit.body == PAGE + b"rest"


def test_each_piece_is_passed_on_at_once_and_empty_ones_are_not() -> None:
    visit = Visit(pieces=[b"<p>first", b"hold", b"second", b""])
    assert [message["body"] for message in visit.sent[1:]] == [b"<P>FIRST", b"SECOND", b"[END]"]


def test_a_page_in_one_piece_has_the_length_it_is_sent_with() -> None:
    whole, torn = Visit(), Visit(pieces=[PAGE[:9], PAGE[9:]])
    assert whole.sent[0]["headers"] == [HTML, (b"content-length", b"%d" % len(PAGE + b"[END]"))]
    assert torn.sent[0]["headers"] == [HTML]
    chunked = Visit(headers=[HTML, (b"transfer-encoding", b"chunked")])
    assert b"content-length" not in dict(chunked.sent[0]["headers"]), "a message has one framing (RFC 9112, 6.2)"


def test_headers_of_the_old_body_go() -> None:
    stale = [b"content-length", b"content-md5", b"digest", b"content-digest", b"repr-digest", b"accept-ranges",
             b"etag", b"last-modified", b"content-range", b"use-as-dictionary"]  # fmt: skip
    kept = [HTML, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"sourcemap", b"/x.map")]
    visit = Visit(headers=[*((name, b"1") for name in stale), *kept])
    assert visit.headers == kept


@pytest.mark.parametrize("status", [204, 205, 304])
def test_answers_without_a_body_stay_without(status: int) -> None:
    visit = Visit(status, [HTML, (b"etag", b'"1"')], [b""])
    assert (visit.headers, visit.body) == ([HTML], b"")


def test_head_is_answered_with_the_headers_of_the_page() -> None:
    visit = Visit(headers=[HTML, (b"content-length", b"99"), (b"etag", b'"1"')], pieces=[b""], method="HEAD")
    assert (visit.headers, visit.body) == ([HTML], b"")


def test_head_and_304_of_other_answers_keep_everything() -> None:
    for headers in ([(b"etag", b'"1"')], [(b"content-type", b"image/png"), (b"etag", b'"1"')]):
        assert Visit(304, headers, [b""]).headers == headers
    headers = [HTML, (b"etag", b'"1"')]
    assert Visit(headers=headers, pieces=[b""], method="HEAD", rewriter=None).headers == headers


def test_without_a_rewriter_a_page_passes_as_it_is() -> None:
    headers = [HTML, (b"etag", b'"1"'), (b"content-encoding", b"gzip")]
    visit = Visit(206, headers, [b"\x1f\x8b", b"raw"], rewriter=None)
    assert (visit.headers, visit.body) == (headers, b"\x1f\x8braw")


def test_untouched_paths_pass_in_both_directions() -> None:
    visit = Visit(headers=[HTML, (b"etag", b'"1"')], path="/pay")
    assert (visit.asked, visit.headers, visit.body) == (BROWSER, [HTML, (b"etag", b'"1"')], PAGE)


def test_other_scopes_pass() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any: ...

    def never(scope: Scope, status: int, headers: RawHeaders) -> None: ...

    asyncio.run(HtmlMiddleware(app, rewriter_for=never)({"type": "websocket"}, nothing, nothing))
    assert seen == ["websocket"]


CONDITIONAL = [(b"range", b"bytes=0-1"), (b"if-range", b"x"), (b"if-none-match", b"x"), (b"if-modified-since", b"x"),
               (b"if-match", b"x"), (b"accept-encoding", b"br"), (b"cookie", b"a")]  # fmt: skip
ALL = [name.decode() for name, _ in CONDITIONAL]
PLAIN = ["if-match", "cookie", "accept-encoding: identity"]


@pytest.mark.parametrize(
    ("method", "about", "reaches"),
    [
        ("GET", [(b"sec-fetch-dest", b"document")], PLAIN),
        ("HEAD", [(b"sec-fetch-dest", b"iframe")], PLAIN),
        ("GET", [(b"sec-fetch-dest", b"brand-new")], PLAIN),
        ("GET", [(b"sec-fetch-dest", b"empty")], ["range", "if-range", *PLAIN]),
        ("GET", [(b"accept", b"text/html")], PLAIN),
        ("GET", [(b"accept", b"image/png"), (b"accept", b"application/xhtml+xml")], PLAIN),
        ("GET", [], PLAIN),
        ("POST", [(b"accept", b"text/html")], [*ALL[:5], "cookie", "accept-encoding: identity"]),
        ("GET", [(b"sec-fetch-dest", b"script")], ALL),
        ("GET", [(b"sec-fetch-dest", b" Image ")], ALL),
        ("GET", [(b"sec-fetch-dest", b"video"), (b"accept", b"text/html")], ALL),
        ("GET", [(b"accept", b"*/*")], ALL),
    ],
)
def test_what_the_shop_is_asked(method: str, about: RawHeaders, reaches: list[str]) -> None:
    visit = Visit(request=[*about, *CONDITIONAL], method=method)
    shown = [
        name.decode() + (": identity" if value == b"identity" else "")
        for name, value in visit.asked
        if name not in (b"sec-fetch-dest", b"accept")
    ]
    assert shown == reaches


ENCODINGS = {
    b"gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": brotli.compress,
    b"zstd": zstandard.compress,
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_page_encoded_unasked_is_decoded(name: bytes) -> None:
    packed = ENCODINGS[name](PAGE)
    for cut in (1, 5, len(packed) // 2):
        visit = Visit(headers=[HTML, (b"content-encoding", name)], pieces=[packed[:cut], packed[cut:]])
        assert (visit.headers, visit.body) == ([HTML], PAGE.upper() + b"[END]")


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_large_encoded_page_is_sent_in_bounded_pieces(name: bytes) -> None:
    visit = Visit(headers=[HTML, (b"content-encoding", name)], pieces=[ENCODINGS[name](bytes(30_000_000))])
    assert len(visit.body) == 30_000_005
    assert max(len(message["body"]) for message in visit.sent[1:]) <= 5_000_000


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_truncated_page_gives_what_could_be_decoded_and_ends(name: bytes) -> None:
    packed = ENCODINGS[name](LETTERS)
    visit = Visit(headers=[HTML, (b"content-encoding", name)], pieces=[packed[:-9]])
    assert visit.body.endswith(b"[END]")
    assert LETTERS.upper().startswith(visit.body[:-5])
    assert visit.counted == ["broken-encoding"]


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_broken_page_is_never_passed_raw(name: bytes) -> None:
    packed = ENCODINGS[name](LETTERS)
    pieces = [packed[:2000], b"<script src=//tracker.test>" * 100, b"more"]
    visit = Visit(headers=[HTML, (b"content-encoding", name)], pieces=pieces)
    assert b"TRACKER" not in visit.body.upper()
    assert visit.body.endswith(b"[END]")
    assert visit.counted == ["broken-encoding"]


@pytest.mark.parametrize(
    ("status", "extra", "why"),
    [
        (200, [(b"content-encoding", b"dcb")], "unknown-encoding"),
        (200, [(b"content-encoding", b"gzip"), (b"content-encoding", b"compress")], "unknown-encoding"),
        (206, [(b"content-range", b"bytes 0-1/9")], "partial-content"),
    ],
    ids=["unknown", "two lines", "partial"],
)
def test_what_cannot_be_read_is_closed_and_counted(status: int, extra: RawHeaders, why: str) -> None:
    visit = Visit(status, [HTML, *extra], [b"raw tracker", b"more"])
    assert (visit.status, visit.counted) == (502, [why])
    assert b"tracker" not in visit.body
    assert len(visit.sent) == 2


@pytest.mark.parametrize(
    "headers", [[], [(b"content-type", b"unknown/unknown")], [(b"content-type", b"html")]]
)
@pytest.mark.parametrize("pieces", [[PAGE], [b"  \n", b"<!DOC", PAGE[5:]], [b"<", b"script>x"]])
def test_a_page_without_a_usable_type_is_known_by_its_first_bytes(
    headers: RawHeaders, pieces: list[bytes]
) -> None:
    visit = Visit(headers=headers, pieces=pieces)
    assert visit.body == b"".join(pieces).upper() + b"[END]"
    assert visit.headers == [(b"content-type", b"text/html")]


def test_a_packed_page_without_a_type_is_known_too() -> None:
    packed = gzip.compress(PAGE)
    visit = Visit(headers=[(b"content-encoding", b"gzip")], pieces=[packed[:3], packed[3:]])
    assert visit.body == PAGE.upper() + b"[END]"


@pytest.mark.parametrize(
    "pieces", [[b"%PDF-1.7 <html>"], [b"<", b"notatag>"], [b""], [b"<"], [b" " * 1500, b"<html>"]]
)
def test_anything_else_without_a_type_passes_as_it_is(pieces: list[bytes]) -> None:
    visit = Visit(headers=[(b"etag", b"1")], pieces=pieces)
    assert (visit.headers, visit.body) == ([(b"etag", b"1")], b"".join(pieces))


@pytest.mark.parametrize("name", [b"dcz", b"gzip"])
def test_a_body_without_a_type_that_cannot_be_decoded_is_closed(name: bytes) -> None:
    visit = Visit(headers=[(b"content-encoding", name)], pieces=[b"<html>tracker"])
    assert (visit.status, visit.counted) == (502, ["unknown-encoding"])


@pytest.mark.parametrize(("fails_at", "body"), [(b"bad", b"GOOD SO FAR "), (b"end", b"GOOD SO FAR BADLATER")])
def test_a_failing_rewriter_closes_the_rest(fails_at: bytes, body: bytes) -> None:
    visit = Visit(pieces=[b"good so far ", b"bad", b"later"], rewriter=Shouting(fails_at))
    assert (visit.body, visit.counted) == (body, ["rewriter-failed"])


UTF_8 = [(b"content-type", b"text/html; charset=utf-8")]


@pytest.mark.parametrize(
    ("content_type", "encode"),
    [
        (b"text/html", "utf-16"),
        (b"text/html; charset=utf-16be", "utf-16-be"),
        (b"text/html; charset=big5", "utf-16"),
        (b"text/html; charset=iso-2022-jp", "iso2022_jp"),
    ],
    ids=["BOM", "header", "BOM against header", "ISO-2022-JP"],
)
def test_charsets_that_are_not_like_ascii_become_utf_8(content_type: bytes, encode: str) -> None:
    text = "<p>日本 tea</p>"
    data = text.encode(encode)
    for cut in range(len(data)):
        visit = Visit(headers=[(b"content-type", content_type)], pieces=[data[:cut], data[cut:]])
        assert (visit.headers, visit.body) == (UTF_8, text.encode().upper() + b"[END]"), cut


def test_iso_2022_jp_declared_in_the_page_becomes_utf_8() -> None:
    data = b"<meta charset=iso-2022-jp><p>" + "日本".encode("iso2022_jp")
    visit = Visit(headers=[(b"content-type", b"text/html")], pieces=[data])
    assert visit.headers == UTF_8
    assert "日本".encode() in visit.body


def test_iso_2022_jp_declared_too_late_loses_its_escapes() -> None:
    pieces = [b"<html><head>", b"<meta charset=iso-2022-jp>", "日本".encode("iso2022_jp")]
    visit = Visit(headers=[(b"content-type", b"text/html")], pieces=pieces)
    assert b"\x1b" not in visit.body
    assert visit.headers == [(b"content-type", b"text/html")]


@pytest.mark.parametrize("charset", ["big5", "gbk", "shift_jis", "utf-8", "latin-1", "utf-8-sig"])
def test_other_charsets_stay_byte_for_byte(charset: str) -> None:
    data = b"<p>12</p>" + ("é" if charset == "latin-1" else "日本").encode(charset)
    headers = [(b"content-type", b"text/html")]
    visit = Visit(headers=headers, pieces=[data])
    assert (visit.headers, visit.body) == (headers, data.upper() + b"[END]")


def test_a_utf_16_page_cut_inside_a_character_ends_with_a_replacement() -> None:
    visit = Visit(headers=[(b"content-type", b"text/html")], pieces=["<p>日本".encode("utf-16")[:-1]])
    assert visit.body == "<P>日\ufffd".encode() + b"[END]"


def test_the_first_piece_of_a_slow_page_arrives_before_the_second_is_there() -> None:
    async def shop(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
        )
        await send({"type": "http.response.body", "body": b"<p>first", "more_body": True})
        await receive()
        await receive()

    app = HtmlMiddleware(shop, rewriter_for=lambda scope, status, headers: Shouting())
    with (
        serve(app, lifespan="off") as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as visitor,
    ):
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        seen = b""
        while b"<P>FIRST" not in seen:
            seen += visitor.recv(65536)


def test_a_rewriter_that_holds_everything_back_sends_nothing_until_the_end() -> None:
    class Patient(Shouting):
        def write(self, data: bytes) -> bytes:
            return b""

    packed = gzip.compress(bytes(2_000_000))
    visit = Visit(headers=[HTML, (b"content-encoding", b"gzip")], pieces=[packed], rewriter=Patient())
    assert [message["body"] for message in visit.sent[1:]] == [b"[END]"]


@pytest.mark.parametrize("headers", [[HTML], []], ids=["page", "no type"])
@pytest.mark.parametrize(("begun", "status"), [(b"", 504), (b"<", 504), (b"<!doctype html><p>much", None)])
def test_a_shop_that_breaks_off_before_anything_was_sent_is_a_failure_page(
    headers: RawHeaders, begun: bytes, status: int | None
) -> None:
    sent: list[Any] = []

    async def shop(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if begun:
            await send({"type": "http.response.body", "body": begun, "more_body": True})
        raise UpstreamTimeout("planted")

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any: ...

    middleware = HtmlMiddleware(shop, rewriter_for=lambda *_: Shouting())
    visit = middleware({"type": "http", "method": "GET", "path": "/", "headers": BROWSER}, receive, send)
    if status is None:
        with pytest.raises(UpstreamTimeout):
            asyncio.run(visit)
        assert sent[-1]["more_body"], "a torn page must not look whole"
    else:
        asyncio.run(visit)
        assert (sent[0]["status"], sent[-1]["more_body"]) == (status, False)
