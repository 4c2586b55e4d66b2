"""A shop whose pages are the vectors, one document each, and a proxy that hears every other host's name."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from gateway.types import Receive, Scope, Send

GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"  # noqa: E501
OWN = {"/own.gif": (b"image/gif", GIF), "/own.js": (b"text/javascript", b""), "/own": (b"text/html", b"own")}


class VectorShop:
    """`/v/NAME` is the document of that name, of the type in `types`, `/all` a page with all of them in frames."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self.documents = documents
        self.types: dict[str, bytes] = {}

    def frames(self, first: int, last: int) -> bytes:
        names = list(self.documents)[first:last]
        return b"<!doctype html><meta charset=utf-8><title>all</title>" + b"".join(
            f'<iframe name="{name}" src="/v/{quote(name)}" width=60 height=60></iframe>'.encode() for name in names
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        status, kind = 200, b"text/html; charset=utf-8"
        if path == "/all":
            first, last = map(int, scope["query_string"].decode().split("-"))
            body = self.frames(first, last)
        elif path.startswith("/v/") and path[3:] in self.documents:
            body = self.documents[path[3:]]
            kind = self.types.get(path[3:], kind)
        elif path in OWN:
            kind, body = OWN[path]
        else:
            status, kind, body = 404, b"text/plain", b"missing"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": body})


class Ear:
    """A proxy that fetches nothing: `heard` are the hosts that were asked for anything."""

    def __init__(self) -> None:
        self.heard: set[str] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _hear(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            request = connection.recv(65536)
            match = re.match(rb"[A-Z]+ (?:[a-z]+://)?(?:[^/@ ]*@)?([^/: ]+)", request)
            if match:
                self.heard.add(match[1].decode("latin-1").rstrip(".").lower())
            connection.sendall(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


@contextlib.contextmanager
def listening() -> Iterator[Ear]:
    """An ear that hears as long as the block runs."""
    ear = Ear()
    threading.Thread(target=ear.run, daemon=True).start()
    try:
        yield ear
    finally:
        ear.close()
