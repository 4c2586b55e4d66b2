"""What the gateway is compared with: the least a streaming reverse proxy on aiohttp and uvicorn has to do.

Nothing is decoded, no cookie is kept, headers and body pass as they come; the upstream is named by the
environment variable UPSTREAM.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from multidict import CIMultiDict
from yarl import URL

_UPSTREAM = os.environ.get("UPSTREAM", "")
_HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"te", b"trailer"}
_SKIPPED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_session: ClientSession | None = None


def _open() -> ClientSession:
    connector = TCPConnector(limit=0, keepalive_timeout=4)
    return ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_SKIPPED,
        read_bufsize=65_536,
    )


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """One ASGI scope; requests without a body, which is all that is measured."""
    global _session
    if _session is None:
        _session = _open()
    headers = CIMultiDict(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"] if name not in _HOP_BY_HOP
    )
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    url = URL(f"{_UPSTREAM}{path}{'?' + query if query else ''}", encoded=True)
    async with _session.request(scope["method"], url, headers=headers, allow_redirects=False) as answer:
        raw = [(name.lower(), value) for name, value in answer.raw_headers]
        kept = [(name, value) for name, value in raw if name not in _HOP_BY_HOP]
        await send({"type": "http.response.start", "status": answer.status, "headers": kept})
        async for chunk in answer.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
