"""ReverseProxy: an ASGI application that answers with what the shop answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

from gateway.enforcement.failure_page import failure_page
from gateway.errors import UpstreamError
from gateway.observability.refusals import Reason, nobody
from gateway.proxy.upstream import Answer, Limits, Upstream
from gateway.proxy.websocket import relay
from gateway.types import RawHeaders, Receive, Scope, Send

_HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"expect",  # the server in front of us has sent its 100 by the time a body is read
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_NEVER_LISTED: Final = frozenset(
    (b"authorization", b"content-length", b"cookie", b"host", b"sec-gpc", b"x-consent", b"x-forwarded-for",
     b"x-forwarded-host", b"x-forwarded-proto")
)  # fmt: skip
"""A visitor could name these in `Connection` to have them taken away between us and the shop."""
_BUSY: Final = [(b"retry-after", b"5")]
_PATIENCE: Final = 0.05
"""Seconds an answer may take before we look whether the visitor is still there; most are done by then."""


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """The headers that go beyond one connection (RFC 9110, section 7.6.1), names in lower case.

    A message framed by Transfer-Encoding loses a Content-Length beside it (RFC 9112, section 6.3).
    """
    kept: RawHeaders = []
    listed: set[bytes] = set()
    for name, value in headers:
        name = name.lower()
        if name not in _HOP_BY_HOP:
            kept.append((name, value))
        elif name == b"connection" and value.lower() not in (b"keep-alive", b"close"):
            listed.update(token.strip().lower() for token in value.split(b","))
            listed -= _NEVER_LISTED
        elif name == b"transfer-encoding":
            listed.add(b"content-length")
    return [line for line in kept if line[0] not in listed] if listed else kept


class ReverseProxy:
    """Answers from the shop at `upstream_url`, http and websocket, streamed both ways, nothing buffered.

    Path, query and headers pass byte for byte, `Host` as received; forwarding headers are
    ForwardedMiddleware's business. A shop that is away is answered with 502 or 504 and asked again at the
    next request; where too many wait for it, with 503 and Retry-After. When an answer breaks off after it
    began, UpstreamError is raised so that the server cuts the visitor's connection: a clean end would pass
    a torn page for a whole one. A visitor who leaves takes the shop's request along.
    """

    def __init__(
        self, upstream_url: str, *, limits: Limits | None = None, refused: Callable[[Reason], None] = nobody
    ) -> None:
        self._upstream = Upstream(upstream_url, limits=limits, refused=refused)

    async def open(self) -> None:
        """Make the connection pool; the first request does it too."""
        await self._upstream.open()

    async def close(self) -> None:
        """Close every connection to the shop."""
        await self._upstream.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            headers = end_to_end(scope["headers"])
            await relay(self._upstream, _target(scope), headers, scope, receive, send)
        else:
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method in ("CONNECT", "TRACE"):  # an echo would tell scripts what HttpOnly hides from them
            await _fail(405, method, send)
            return
        visitor = _Visitor(receive)
        answer: Answer | None = None
        try:
            headers = end_to_end(scope["headers"])
            body: AsyncIterator[bytes] | None = None
            if _has_body(scope):
                body = visitor.body()
                if not any(name == b"content-length" for name, _ in headers):
                    headers.append((b"transfer-encoding", b"chunked"))
            else:
                visitor.watch_later()
            answer = await self._upstream.request(method, _target(scope), headers, body)
            await _pass_on(answer, send)
        except UpstreamError as error:
            if answer is not None:
                raise
            await _fail(error.status, method, send)
        except asyncio.CancelledError:
            if not visitor.has_left():
                raise
        finally:
            visitor.dismiss()
            if answer is not None and not answer.ended:
                answer.close()


class _Visitor:
    """The visitor's side of one request; cancels the task that serves it when the visitor leaves."""

    __slots__ = ("_gone", "_receive", "_serving", "_timer", "_watching")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._serving = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self._watching: asyncio.Task[None] | None = None
        self._gone = False

    def watch_later(self) -> None:
        """Begin to look for a departure after a while: a task for every request would cost a tenth of it."""
        self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self._watch)

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it arrives; then look for a departure."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._leave()
                raise ConnectionResetError("the visitor left during the upload")
            more = message.get("more_body", False)
            yield message.get("body", b"")
        self._watch()

    def has_left(self) -> bool:
        """Whether the departure was the reason for a cancellation, which is then taken back."""
        if self._gone and self._serving is not None:
            self._serving.uncancel()
        return self._gone

    def dismiss(self) -> None:
        """The request is served; look no further."""
        self._serving = None
        if self._timer is not None:
            self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _watch(self) -> None:
        self._watching = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        if self._serving is not None:
            self._gone = True
            self._serving.cancel()


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8")
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


def _has_body(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return True
    # HTTP/2 and later frame a body without either header.
    return scope.get("http_version", "1.1") not in ("1.0", "1.1") and scope["method"] not in (
        "GET",
        "HEAD",
        "OPTIONS",
    )


async def _pass_on(answer: Answer, send: Send) -> None:
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": end_to_end(answer.headers)}
    )
    while not answer.ended:
        chunk = await answer.read()
        if answer.ended:
            await send({"type": "http.response.body", "body": chunk, "more_body": False})
            return
        if chunk:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _fail(status: int, method: str, send: Send) -> None:
    headers, body = failure_page(status)
    if status == 503:
        headers += _BUSY
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body, "more_body": False})
