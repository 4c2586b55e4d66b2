"""Pages on their way to the visitor: decoded, rewritten piece by piece, never buffered, never passed raw."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Protocol

from gateway.enforcement.charset import Transcoder, Undeclared, is_declared, needs_decoding
from gateway.enforcement.encodings import Decoder, Identity, decoder
from gateway.enforcement.failure_page import failure_page
from gateway.enforcement.headers import get_all, replace
from gateway.enforcement.sniffing import SNIFFED_BYTES, HtmlClaim, claims_html, looks_like_html
from gateway.errors import RewriteError, UpstreamError
from gateway.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

log = logging.getLogger(__name__)


class Rewriter(Protocol):
    """A streaming transformer of one page."""

    def write(self, data: bytes) -> bytes:
        """What can be sent after `data` has come."""
        ...

    def end(self) -> bytes:
        """What is left at the end of the page."""
        ...


RewriterFor = Callable[[Scope, int, RawHeaders], Rewriter | None]
"""From request scope, status and the shop's headers to a rewriter, or None where nothing is rewritten."""

_ASSETS: Final = frozenset(
    b"audio audioworklet font image json manifest paintworklet report script serviceworker sharedworker "
    b"style text track video webidentity worker xslt".split()
)
"""What Sec-Fetch-Dest says of requests whose answer is never shown as a page; they keep their headers."""
_ENCODING: Final = frozenset((b"accept-encoding",))
_VALIDATORS: Final = _ENCODING | {b"if-modified-since", b"if-none-match"}
_RANGES: Final = _VALIDATORS | {b"if-range", b"range"}
_OF_THE_OLD_BODY: Final = frozenset(
    (b"accept-ranges", b"content-digest", b"content-encoding", b"content-length", b"content-md5",
     b"content-range", b"digest", b"etag", b"last-modified", b"repr-digest", b"use-as-dictionary")
)  # fmt: skip
_HOLD_LIMIT: Final = 65_536
"""Encoded bytes of an answer without a type that are held until the first decoded ones appear."""
_BOM_BYTES: Final = 6
"""As many bytes as tell a byte order mark, or an XML declaration in UTF-16."""


class HtmlMiddleware:
    """Runs every HTML answer through the rewriter `rewriter_for` gives for it.

    Requests that may be answered with a page ask the shop for no encoding, no range and no validation
    (a 304 would revive an old page). Answers count as HTML by their Content-Type or, without a usable one,
    by their first bytes. What cannot be read is closed with a 502, or ended where it broke. Paths for
    which `untouched` is true pass in both directions as they are. `count` is told what was closed:
    `"unknown-encoding"`, `"partial-content"`, `"broken-encoding"`, `"rewriter-failed"`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        rewriter_for: RewriterFor,
        untouched: Callable[[str], bool] = lambda path: False,
        count: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._app = app
        self._rewriter_for = rewriter_for
        self._untouched = untouched
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope; only http is looked at."""
        if scope["type"] != "http" or self._untouched(scope["path"]):
            await self._app(scope, receive, send)
            return
        scope = asks_plainly(scope)
        answer = _Answer(scope, send, self._rewriter_for, self._count)
        try:
            await self._app(scope, receive, answer)
        except UpstreamError as error:
            if not answer.holds:
                raise
            await answer.give_up(error.status)


def asks_plainly(scope: Scope) -> Scope:
    """The request as the shop gets it: unchanged where no page can be the answer.

    Scripts that fetch byte ranges (media players, document viewers) keep them; should a page come back in
    part, it is closed.
    """
    headers: RawHeaders = scope["headers"]
    destination, accept = None, None
    for name, value in headers:
        if name == b"sec-fetch-dest":
            destination = value.strip().lower()
        elif name == b"accept":
            accept = value if accept is None else accept + b"," + value
    if destination in _ASSETS or (
        destination is None and accept is not None and b"html" not in accept.lower()
    ):
        return scope
    removed = _ENCODING
    if scope["method"] in ("GET", "HEAD"):
        removed = _VALIDATORS if destination == b"empty" else _RANGES
    asked = [line for line in headers if line[0] not in removed]
    asked.append((b"accept-encoding", b"identity"))
    return {**scope, "headers": asked}


class _Answer:
    """The `send` of one request: decides at the start what becomes of the body, then pumps it."""

    __slots__ = ("_body", "_count", "_handle", "_held", "_rewriter_for", "_scope", "_send", "_start")

    def __init__(
        self, scope: Scope, send: Send, rewriter_for: RewriterFor, count: Callable[[str], None]
    ) -> None:
        self._scope = scope
        self._send = send
        self._rewriter_for = rewriter_for
        self._count = count
        self._handle: Send = self._begin
        self._held = b""
        self._start: Message = {}
        self._body: _Page | None = None

    async def __call__(self, message: Message) -> None:
        await self._handle(message)

    @property
    def holds(self) -> bool:
        """Whether the start of the answer waits for first bytes."""
        return self._handle in (self._sniff, self._first)

    async def give_up(self, status: int) -> None:
        """Answer with a page of our own; what the shop still sends goes nowhere."""
        self._handle = _nowhere
        headers, body = failure_page(status)
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _begin(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            await self._send(message)
            return
        claim = claims_html(message["headers"])
        if claim is HtmlClaim.NO:
            self._handle = self._send
            await self._send(message)
        elif message["status"] in (204, 205, 304) or self._scope["method"] == "HEAD":
            await self._without_body(message, claim)
        elif claim is HtmlClaim.UNKNOWN:
            self._start = message
            self._handle = self._sniff
        else:
            await self._page(message)

    async def _without_body(self, message: Message, claim: HtmlClaim) -> None:
        self._handle = self._send
        headers = message["headers"]
        if claim is HtmlClaim.YES and self._rewriter_for(self._scope, message["status"], headers) is not None:
            message = {**message, "headers": _cleaned(headers)}
        await self._send(message)

    async def _sniff(self, message: Message) -> None:
        """Hold the first bytes of an answer without a usable type until they tell what it is."""
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        self._held += message.get("body", b"")
        more = message.get("more_body", False)
        text = _peek(self._start["headers"], self._held)
        if text is None:
            await self._close("unknown-encoding")
            return
        enough = len(text) >= SNIFFED_BYTES or len(self._held) >= _HOLD_LIMIT
        found = looks_like_html(text, complete=enough or not more)
        if found is HtmlClaim.UNKNOWN:
            return
        held, self._held = self._held, b""
        if found is HtmlClaim.YES:
            typed = replace(self._start["headers"], b"content-type", b"text/html")
            await self._page({**self._start, "headers": typed})
        else:
            self._handle = self._send
            await self._send(self._start)
        await self._handle({**message, "body": held})

    async def _page(self, message: Message) -> None:
        status, headers = message["status"], message["headers"]
        rewriter = self._rewriter_for(self._scope, status, headers)
        if rewriter is None:
            self._handle = self._send
            await self._send(message)
            return
        encodings = get_all(headers, b"content-encoding")
        reader = decoder(b",".join(encodings)) if encodings else Identity()
        if status == 206:
            await self._close("partial-content")
        elif reader is None:
            await self._close("unknown-encoding")
        else:
            self._start = {**message, "headers": _cleaned(headers)}
            self._body = _Page(reader, rewriter, self._count)
            self._handle = self._first

    async def _first(self, message: Message) -> None:
        """The first bytes of a page: they tell its charset, which the header must name, so it waits.

        Where they are all of the page, the header names its new length too.
        """
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        page = self._body
        assert page is not None  # noqa: S101 -- set together with this handler
        more = message.get("more_body", False)
        content_type = b"".join(get_all(self._start["headers"], b"content-type")[-1:])
        if not page.choose_charset(content_type, message.get("body", b""), complete=not more):
            return
        if page.transcoded:
            media_type = content_type.partition(b";")[0].strip()
            typed = replace(self._start["headers"], b"content-type", media_type + b"; charset=utf-8")
            self._start = {**self._start, "headers": typed}
        self._handle = self._pump
        out = page.write(b"")
        if more or page.pending or get_all(self._start["headers"], b"transfer-encoding"):
            await self._send(self._start)
            if out:
                await self._send({"type": "http.response.body", "body": out, "more_body": True})
            await self._pump({**message, "body": b""})
            return
        out += page.end()
        headers = [*self._start["headers"], (b"content-length", b"%d" % len(out))]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": out, "more_body": False})

    async def _pump(self, message: Message) -> None:
        page = self._body
        if message["type"] != "http.response.body" or page is None:
            await self._send(message)
            return
        more = message.get("more_body", False)
        out = page.write(message.get("body", b""))
        while page.pending:
            if out:
                await self._send({"type": "http.response.body", "body": out, "more_body": True})
            out = page.write(b"")
        if not more:
            out += page.end()
        if out or not more:
            await self._send({"type": "http.response.body", "body": out, "more_body": more})

    async def _close(self, why: str) -> None:
        self._count(why)
        await self.give_up(502)


class _Page:
    """One page's body: decoder, charset and rewriter in a row; broken input ends it, nothing passes raw."""

    __slots__ = ("_charset", "_count", "_decoder", "_held", "_open", "_rewriter", "transcoded")

    def __init__(self, reader: Decoder, rewriter: Rewriter, count: Callable[[str], None]) -> None:
        self._decoder = reader
        self._rewriter = rewriter
        self._count = count
        self._charset: Transcoder | Undeclared | None = None
        self._held = b""
        self._open = True
        self.transcoded = False

    @property
    def pending(self) -> bool:
        """Whether more output waits that needs no further input."""
        return self._open and self._decoder.pending

    def choose_charset(self, content_type: bytes, data: bytes, *, complete: bool) -> bool:
        """Decide from the first decoded bytes, kept for the next `write`; False while they are too few."""
        self._held += self._decode(data)
        if len(self._held) < _BOM_BYTES and not complete and self._open:
            return False
        codec = needs_decoding(content_type, self._held)
        if codec is not None:
            self._charset = Transcoder(codec)
            self.transcoded = True
        elif not is_declared(content_type, self._held):
            self._charset = Undeclared()
        return True

    def write(self, data: bytes) -> bytes:
        """What goes out for the next piece; first, without one, for the bytes that told the charset."""
        if self._held:
            held, self._held = self._held, b""
            return self._rewrite(held)
        return self._rewrite(self._decode(data)) if data or self._decoder.pending else b""

    def end(self) -> bytes:
        """What goes out at the end."""
        out = b""
        if self._open:
            try:
                out = self._rewrite(self._decoder.flush())
            except RewriteError:
                self._count("broken-encoding")
            if self._charset is not None:
                out += self._rewrite_utf8(self._charset.end())
        return out + self._guard(self._rewriter.end)

    def _decode(self, data: bytes) -> bytes:
        if not self._open:
            return b""
        try:
            return self._decoder.decode(data)
        except RewriteError:
            self._open = False
            self._count("broken-encoding")
            return b""

    def _rewrite(self, data: bytes) -> bytes:
        return self._rewrite_utf8(self._charset.write(data) if self._charset is not None else data)

    def _rewrite_utf8(self, data: bytes) -> bytes:
        return self._guard(self._rewriter.write, data) if data else b""

    def _guard(self, step: Callable[..., bytes], *arguments: Any) -> bytes:
        """Whatever a rewriter fails with, the rest of the page is dropped."""
        try:
            return step(*arguments)
        except Exception:
            log.exception("the rewriter failed; the rest of the page was dropped")
            self._count("rewriter-failed")
            self._rewriter = _EMPTY
            return b""


class _Nothing:
    """The rewriter after a failure."""

    def write(self, data: bytes) -> bytes:
        return b""

    def end(self) -> bytes:
        return b""


_EMPTY: Final = _Nothing()


async def _nowhere(message: Message) -> None:
    """The `send` of an answer that was closed."""


def _cleaned(headers: RawHeaders) -> RawHeaders:
    return [line for line in headers if line[0] not in _OF_THE_OLD_BODY]


def _peek(headers: RawHeaders, data: bytes) -> bytes | None:
    """The decoded start of a body; None when it cannot be decoded at all."""
    encodings = get_all(headers, b"content-encoding")
    if not encodings:
        return data
    reader = decoder(b",".join(encodings))
    try:
        return None if reader is None else reader.decode(data)
    except RewriteError:
        return None
