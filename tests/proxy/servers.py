"""Real servers and a raw client for the proxy's tests, on free ports of 127.0.0.1."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

Script = Callable[[socket.socket, bytes, int], bool | None]
"""`script(connection, request, number)`: answers; true to keep the connection for another request."""


@contextlib.contextmanager
def serve(app: Any, **options: Any) -> Iterator[int]:
    """Run an ASGI application under uvicorn in a thread; gives its port."""
    config = uvicorn.Config(
        app,
        port=0,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        **options,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)


class RawShop:
    """A shop that is only sockets: keeps every request's bytes, answers what its script writes."""

    def __init__(self, script: Script) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> RawShop:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the thread goes on to take one more connection
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            keep: bool | None = True
            while keep:
                request = read_message(connection)
                if not request:
                    break
                self.requests.append(request)
                keep = self._script(connection, request, len(self.requests))

    def wait_for_hang_up(self, connection: socket.socket) -> None:
        """For scripts: block until the other side is gone, then set `hung_up`."""
        connection.settimeout(60)
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(65536):
                pass
        self.hung_up.set()


def read_message(connection: socket.socket) -> bytes:
    """One request with its body, as raw bytes; empty at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
    elif b"content-length: " in lower:
        length = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            piece = connection.recv(65536)
            if not piece:
                break
            body += piece
    return head + b"\r\n\r\n" + body


def exchange(port: int, request: bytes) -> bytes:
    """Send `request` and give all bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        pieces = []
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                pieces.append(piece)
    return b"".join(pieces)


def get(port: int, target: bytes = b"/", *lines: bytes, method: bytes = b"GET") -> tuple[bytes, bytes]:
    """One request on a connection of its own: the answer's head and its body as on the wire."""
    head = [method + b" " + target + b" HTTP/1.1", b"Host: shop.test", b"Connection: close", *lines]
    answer = exchange(port, b"\r\n".join(head) + b"\r\n\r\n")
    start, _, body = answer.partition(b"\r\n\r\n")
    return start, body


def unchunked(body: bytes) -> bytes:
    """A chunked body's content. Raises AssertionError when its end is missing."""
    content = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16) if size else -1
        assert length >= 0, "the body has no end"
        if length == 0:
            return content
        content, body = content + body[:length], body[length + 2 :]
