"""One WebSocket between a visitor and the shop: frames untouched, handshakes and close codes passed on."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response
from websockets.typing import Subprotocol

from gateway.observability.refusals import Reason
from gateway.proxy.upstream import Upstream
from gateway.types import Message, RawHeaders, Receive, Scope, Send

MESSAGE_LIMIT: Final = 16 << 20
"""Bytes of one message; uvicorn's own limit."""

_HANDSHAKE: Final = frozenset(
    (
        b"content-length",
        b"host",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"sec-websocket-key",
        b"sec-websocket-protocol",
        b"sec-websocket-version",
    )
)
_HOP_BY_HOP: Final = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"))
_BROKEN: Final = 1011
_NO_CODE: Final = 1005
_ABNORMAL: Final = 1006


class _Handshake(connect):
    """A handshake that hands a redirect to the visitor instead of following it."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def relay(
    upstream: Upstream, target: bytes, headers: RawHeaders, scope: Scope, receive: Receive, send: Send
) -> None:
    """Connect the visitor's WebSocket to the shop's at `target`; return when either side has closed.

    A denied handshake is passed on as the shop wrote it where the server can (`websocket.http.response`),
    as a plain denial otherwise; one over the limit is denied with 503. A connection lost without a close
    frame stays visible as one: 1011 to the visitor, a cut connection to the shop.
    """
    await receive()
    if upstream.websockets >= upstream.limits.websockets:
        upstream.refused(Reason.WEBSOCKETS)
        await _deny(scope, send, 503, [(b"cache-control", b"no-store"), (b"retry-after", b"5")], b"")
        return
    upstream.websockets += 1
    try:
        await _relay(upstream, target, headers, scope, receive, send)
    finally:
        upstream.websockets -= 1


async def _relay(
    upstream: Upstream, target: bytes, headers: RawHeaders, scope: Scope, receive: Receive, send: Send
) -> None:
    try:
        shop = await _connect(upstream, target, headers, scope)
    except InvalidStatus as denial:
        response = denial.response
        await _deny(scope, send, response.status_code, _lines(response.headers), bytes(response.body or b""))
        return
    except (WebSocketException, OSError, ValueError):
        await _deny(scope, send, 502, [(b"cache-control", b"no-store")], b"")
        return
    try:
        response = cast(Response, shop.response)
        await send(
            {
                "type": "websocket.accept",
                "subprotocol": shop.subprotocol,
                "headers": [line for line in _lines(response.headers) if line[0] not in _HANDSHAKE],
            }
        )
        await _both_ways(shop, receive, send)
    finally:
        shop.transport.abort()


async def _connect(upstream: Upstream, target: bytes, headers: RawHeaders, scope: Scope) -> ClientConnection:
    url = upstream.url
    secure = url.scheme == "https"
    host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
    path = (upstream.base + target).decode("latin-1")
    tls: dict[str, Any] = {"server_hostname": url.raw_host} if secure else {}
    return await _Handshake(
        f"{'wss' if secure else 'ws'}://{host or url.host_port_subcomponent}{path}",
        host=url.raw_host,
        port=url.port,
        **tls,
        additional_headers=[_text(line) for line in headers if line[0] not in _HANDSHAKE],
        subprotocols=[Subprotocol(name) for name in scope.get("subprotocols", ())] or None,
        compression=None,
        user_agent_header=None,
        proxy=None,
        ping_interval=None,
        open_timeout=upstream.limits.answer,
        max_size=MESSAGE_LIMIT,
    )


def _text(line: tuple[bytes, bytes]) -> tuple[str, str]:
    return line[0].decode("latin-1"), line[1].decode("latin-1")


def _lines(headers: Headers) -> RawHeaders:
    lines = ((name.lower().encode(), value.encode("latin-1")) for name, value in headers.raw_items())
    return [line for line in lines if line[0] not in _HOP_BY_HOP]


async def _deny(scope: Scope, send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


async def _both_ways(shop: ClientConnection, receive: Receive, send: Send) -> None:
    down = asyncio.create_task(_down(shop, send))
    up = asyncio.create_task(_up(shop, receive))
    try:
        await asyncio.wait((down, up), return_when=asyncio.FIRST_COMPLETED)
        if up.done() and not up.result():
            await down
    finally:
        down.cancel()
        up.cancel()
        await asyncio.gather(down, up, return_exceptions=True)


async def _down(shop: ClientConnection, send: Send) -> None:
    """The shop's messages to the visitor, then its close."""
    try:
        while True:
            data = await shop.recv()
            await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
    except ConnectionClosed as closed:
        frame = closed.rcvd
        code = _BROKEN if frame is None else 1000 if frame.code == _NO_CODE else frame.code
        await send({"type": "websocket.close", "code": code, "reason": frame.reason if frame else ""})


async def _up(shop: ClientConnection, receive: Receive) -> bool:
    """The visitor's messages to the shop, then their close; False when the shop was gone before."""
    while True:
        message: Message = await receive()
        if message["type"] == "websocket.disconnect":
            await _leave(shop, message)
            return True
        text = message.get("text")
        try:
            await shop.send(message["bytes"] if text is None else text)
        except ConnectionClosed:
            return False


async def _leave(shop: ClientConnection, message: Message) -> None:
    code = message.get("code", _NO_CODE)
    # uvicorn tells a lost connection from a close frame without code only by the missing reason.
    if code == _ABNORMAL or (code == _NO_CODE and "reason" not in message):
        shop.transport.abort()
    else:
        await shop.close(1000 if code == _NO_CODE else code, message["reason"] or "")
