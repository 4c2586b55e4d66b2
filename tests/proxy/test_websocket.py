from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.proxy.reverse import ReverseProxy
from gateway.proxy.upstream import Limits
from tests.proxy.servers import RawShop, serve
from tests.served import wait_until


class Shop:
    """A WebSocket shop: echoes, keeps its scope, closes or denies when told to."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.closed: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        await receive()
        if scope["path"] == "/denied":
            headers = [(b"x-why", b"no"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
            await send({"type": "websocket.http.response.start", "status": 403, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b"members only"})
            return
        if scope["path"] == "/moved":
            headers = [(b"location", b"/elsewhere"), (b"content-length", b"0")]
            await send({"type": "websocket.http.response.start", "status": 302, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b""})
            return
        protocols = scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": protocols[-1] if protocols else None,
                    "headers": [(b"set-cookie", b"x=1"), (b"set-cookie", b"y=2")]})  # fmt: skip
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "close":
                await send({"type": "websocket.close", "code": 4001, "reason": "再見"})
                return
            await send({**message, "type": "websocket.send"})
        self.closed.append((message["code"], message.get("reason")))


def visit(
    path: str, then: Callable[[ClientConnection], Awaitable[None]], shop: Any = None, **options: Any
) -> Shop:
    shop = shop or Shop()

    async def run(port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}{path}", proxy=None, **options) as visitor:
            await then(visitor)

    with serve(shop, lifespan="off") as origin, serve(ReverseProxy(f"http://127.0.0.1:{origin}")) as port:
        asyncio.run(run(port))
    return shop  # type: ignore[no-any-return]


def ended(path: str, then: Callable[[ClientConnection], Awaitable[None]]) -> Any:
    """The same with a visitor who ends it: how the shop was told."""
    shop = Shop()

    async def whole(visitor: ClientConnection) -> None:
        await then(visitor)
        await asyncio.to_thread(wait_until, lambda: bool(shop.closed))

    return visit(path, whole, shop).closed[0]


def test_text_and_binary_go_both_ways_and_the_close_code_arrives() -> None:
    async def then(visitor: ClientConnection) -> None:
        await visitor.send("文字")
        assert await visitor.recv() == "文字"
        await visitor.send(b"\x00\xff" * 70_000)
        assert await visitor.recv() == b"\x00\xff" * 70_000
        await visitor.close(4321, "done")

    assert ended("/chat", then) == (4321, "done")


def test_the_handshake_reaches_the_shop() -> None:
    async def then(visitor: ClientConnection) -> None:
        assert visitor.subprotocol == "b"
        assert visitor.response is not None
        assert visitor.response.headers.get_all("set-cookie") == ["x=1", "y=2"]

    headers = [
        ("Cookie", "sid=1; 名=值".encode().decode("latin-1")),
        ("Cookie", "c=2"),
        ("X-Consent", "necessary=1"),
        ("Origin", "http://o"),
    ]
    shop = visit("/chat%20x?q=%20&r", then, subprotocols=["a", "b"], additional_headers=headers)
    seen = shop.scope["headers"]
    assert [value for name, value in seen if name == b"cookie"] == ["sid=1; 名=值".encode(), b"c=2"]
    assert (b"x-consent", b"necessary=1") in seen
    assert (b"origin", b"http://o") in seen
    assert next(value for name, value in seen if name == b"host").startswith(b"127.0.0.1:")
    assert (shop.scope["raw_path"], shop.scope["query_string"]) == (b"/chat%20x", b"q=%20&r")
    assert shop.scope["subprotocols"] == ["a", "b"]


def test_the_shops_close_reaches_the_visitor() -> None:
    async def then(visitor: ClientConnection) -> None:
        await visitor.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            await visitor.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "再見")

    visit("/chat", then)


def test_a_close_without_code_stays_a_normal_one() -> None:
    async def then(visitor: ClientConnection) -> None:
        await visitor.close()

    assert ended("/chat", then)[0] == 1000


def test_a_visitor_who_vanishes_is_gone_for_the_shop() -> None:
    async def then(visitor: ClientConnection) -> None:
        await visitor.send("x")
        await visitor.recv()
        visitor.transport.abort()

    assert ended("/chat", then)[0] in (1005, 1006), "no close frame came"


@pytest.mark.parametrize(("path", "status"), [("/denied", 403), ("/moved", 302)])
def test_a_denied_handshake_is_passed_on(path: str, status: int) -> None:
    async def run(port: int) -> None:
        class Once(connect):
            def process_redirect(self, exc: Exception) -> Exception | str:
                return exc

        with pytest.raises(InvalidStatus) as denied:
            await Once(f"ws://127.0.0.1:{port}{path}", proxy=None)
        response = denied.value.response
        assert response.status_code == status
        if path == "/denied":
            assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]
            assert response.body == b"members only"
        else:
            assert response.headers["location"] == "/elsewhere"

    with serve(Shop(), lifespan="off") as origin, serve(ReverseProxy(f"http://127.0.0.1:{origin}")) as port:
        asyncio.run(run(port))


def test_a_shop_that_is_away_denies_with_502() -> None:
    async def run(port: int) -> None:
        with pytest.raises(InvalidStatus) as denied:
            await connect(f"ws://127.0.0.1:{port}/", proxy=None)
        assert denied.value.response.status_code == 502

    with serve(ReverseProxy("http://127.0.0.1:1")) as port:
        asyncio.run(run(port))


def test_a_server_without_denial_answers_closes() -> None:
    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": [], "subprotocols": []}
        await ReverseProxy("http://127.0.0.1:1")(scope, receive, send)

    asyncio.run(run())
    assert sent == [{"type": "websocket.close", "code": 1000}]


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"", 1011), (b"\x88\x00", 1000), (b"\x88\x02" + struct.pack("!H", 1013), 1013)],
    ids=["torn", "close without code", "try again later"],
)
def test_how_the_shop_ends_is_told(frame: bytes, code: int) -> None:
    import base64
    import hashlib

    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        key = request.partition(b"sec-websocket-key: ")[2] or request.partition(b"Sec-WebSocket-Key: ")[2]
        digest = hashlib.sha1(key.partition(b"\r\n")[0] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n" + frame
        )
        if frame:
            connection.recv(65536)
        return False

    async def run(port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as visitor:
            with contextlib.suppress(ConnectionClosed):
                await visitor.send("x")
            with pytest.raises(ConnectionClosed) as closed:
                await visitor.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code

    with RawShop(script) as shop, serve(ReverseProxy(shop.url)) as port:
        asyncio.run(run(port))


def test_one_websocket_too_many_is_denied_with_503_until_another_ends() -> None:
    async def run(port: int) -> None:
        url = f"ws://127.0.0.1:{port}/"
        async with connect(url, proxy=None) as first:
            with pytest.raises(InvalidStatus) as denied:
                await connect(url, proxy=None)
            assert denied.value.response.status_code == 503
            assert denied.value.response.headers["retry-after"] == "5"
            await first.send("hello")
            assert await first.recv() == "hello"
        for _ in range(3000):
            with contextlib.suppress(InvalidStatus):
                async with connect(url, proxy=None):
                    return
            await asyncio.sleep(0.02)
        raise AssertionError

    with (
        serve(Shop(), lifespan="off") as origin,
        serve(ReverseProxy(f"http://127.0.0.1:{origin}", limits=Limits(websockets=1))) as port,
    ):
        asyncio.run(run(port))
