"""The shop of `soak.py`: `/page/N` is another page for each N, `/static/…` a file; a WebSocket says it all again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from page import page

_PARTS = page().split(b'data-product-id="1')


def _page(number: bytes) -> bytes:
    """Every card of it is another than those of other pages."""
    return (b'data-product-id="%s-1' % number).join(_PARTS)


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """One ASGI scope, http or websocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    path: str = scope["path"]
    static = path.startswith("/static/")
    body = b"a{color:#123}\n" * 400 if static else _page(path.rpartition("/")[2].encode())
    headers = [
        (b"content-type", b"text/css" if static else b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"set-cookie", b"_fbp=fb.1.1700000000000.1234567890; Max-Age=7776000; Path=/; SameSite=Lax"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
