"""The shop of `banner.py`: the page every benchmark serves, without its tags, as it is or with another banner in it.

`EXTRA_HEAD` is markup for the head, `EXTRA_FOLDER` a folder whose files are served below `/extra/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from page import page

_TAGS = re.compile(
    rb'<script(?! type="application/ld).*?</script>|<(noscript|iframe)\b.*?</\1>|<link rel="(?:pre|dns-)[^>]*>', re.S
)
_BODY = _TAGS.sub(b"", page()).replace(b"</head>", os.environ.get("EXTRA_HEAD", "").encode() + b"</head>")
_THEME = b"body{margin:0 auto;max-width:1200px;font:16px/1.6 sans-serif}.card img{width:100%;height:auto}"
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="#8a9a92" d="M0 0h9v9H0z"/></svg>'
_TYPES = {".js": "text/javascript", ".css": "text/css"}


def _answer(path: str) -> tuple[int, str, bytes]:
    if path.startswith("/extra/"):
        file = Path(os.environ["EXTRA_FOLDER"]) / path.rpartition("/")[2]
        return 200, _TYPES[file.suffix], file.read_bytes()
    if path.endswith(".css"):
        return 200, "text/css", _THEME
    if path.endswith((".webp", ".png")):
        return 200, "image/svg+xml", _SVG
    return (200, "text/html; charset=utf-8", _BODY) if path == "/" else (404, "text/plain", b"")


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """One ASGI scope; only http is expected."""
    status, kind, body = _answer(scope["path"])
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
