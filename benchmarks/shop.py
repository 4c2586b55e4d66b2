"""The shop behind every contender: pages from memory, nothing else, so that the proxy is what is measured.

Each answer is another visitor's page; `?visit=7` asks for the one of visit 7. With SAME_PAGE in the environment it is
one page for all, with PAGES, a folder, the first 40 `*.html` in turn. `/slow` sends a page in pieces with a pause
before each but the first, `/stream?N` N megabytes of HTML.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import count
from pathlib import Path
from typing import Any, Final

from page import CATEGORIES, page, visit

PAUSE: Final = 0.1
"""Seconds between two pieces of the slow page."""
PIECES: Final = 10

_SAME = page() if os.environ.get("SAME_PAGE") else b""
_FOLDER = os.environ.get("PAGES", "")
_SAVED = [path.read_bytes() for path in sorted(Path(_FOLDER).glob("*.html"))[:CATEGORIES]] if _FOLDER else []
"""As many as there are categories of the made-up shop."""
_numbers = count()
_HEADERS = [
    (b"content-type", b"text/html" if _SAVED else b"text/html; charset=utf-8"),
    (b"cache-control", b"private, max-age=0"),
    (b"set-cookie", b"sessionid=0123456789abcdef; Path=/; HttpOnly; SameSite=Lax"),
    (b"set-cookie", b"_fbp=fb.1.1700000000000.1234567890; Max-Age=7776000; Path=/; SameSite=Lax"),
]

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def app(scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Send) -> None:
    """One ASGI scope; only http is expected."""
    path, query = scope["path"], scope["query_string"]
    if path == "/slow":
        await _slowly(send)
    elif path == "/stream":
        await _stream(send, int(query) * 1_000_000)
    else:
        body = _SAME or (visit(int(query.removeprefix(b"visit="))) if query else _another())
        await _start(send, (b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _another() -> bytes:
    number = next(_numbers)
    return _SAVED[number % len(_SAVED)] if _SAVED else visit(number)


async def _start(send: Send, *more: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *more]})


async def _slowly(send: Send) -> None:
    body = visit(next(_numbers))
    size = -(-len(body) // PIECES)
    await _start(send)
    for at in range(0, len(body), size):
        if at:
            await asyncio.sleep(PAUSE)
        await send({"type": "http.response.body", "body": body[at : at + size], "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _stream(send: Send, size: int) -> None:
    await _start(send)
    while size > 0:
        body = visit(next(_numbers)).removesuffix(b"</body>\n</html>\n")
        size -= len(body)
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"</body></html>", "more_body": False})
