"""The shop behind every contender: the page from memory, nothing else, so that the proxy is what is measured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from page import page

_BODY = page()
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(_BODY)).encode()),
        (b"cache-control", b"private, max-age=0"),
        (b"set-cookie", b"sessionid=0123456789abcdef; Path=/; HttpOnly; SameSite=Lax"),
        (b"set-cookie", b"_fbp=fb.1.1700000000000.1234567890; Max-Age=7776000; Path=/; SameSite=Lax"),
    ],
}
_REST = {"type": "http.response.body", "body": _BODY, "more_body": False}


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """One ASGI scope; only http is expected."""
    await send(dict(_START))
    await send(dict(_REST))
