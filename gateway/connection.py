"""A visitor's connection with the bounds that uvicorn has not: heads, hosts, slow bodies and slow readers.

nginx in front has them all; these hold where the gateway stands alone.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.proxy.forwarded import HOST

LARGEST_HEAD: Final = 65_536
"""Bytes of a request's line and headers."""
MOST_HEADERS: Final = 200
"""Trailers of a chunked body included."""
SLOWEST_BODY: Final = 1_024
"""Bytes of a body that have to come in each round."""
_STRIKES: Final = 4
_STATUS_LINE: Final = b"HTTP/1."


class Together:
    """A transport on which the head of an answer goes out with the first of its body, as one write instead of two.

    Where no body follows at once the head goes alone, before the loop looks for new events.
    """

    __slots__ = ("_head", "_loop", "_transport", "_write")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._write = transport.write
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send `data`, or hold it if it is a head."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif data.startswith(_STATUS_LINE):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._write(data)

    def close(self) -> None:
        """Close when all is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._write(head)


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection with bounds; WebSockets have uvicorn's own, by their pings.

    A look every `patience` seconds: who has not finished a head, sent enough of a body, or taken a byte of the
    answer for four rounds is cut off. What waits for the shop, or idles between two requests, does not count.
    A head over 64 kB or with more than 200 lines is answered with 400, and so is one that does not say for sure
    whom it asks, or where its body ends (RFC 9112, sections 3.2 and 6.1).
    """

    patience: ClassVar[float] = 15.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look."""
        super().connection_made(cast(asyncio.Transport, Together(transport, self.loop)))
        self._received = self._piece = self._head_began = self._heads = 0
        self._in_head = True
        self._strikes = 0
        self._seen = (-1, -1, -1)
        self._timer = self.loop.call_later(self.patience, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        self._timer.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """From here on another protocol has the connection."""
        self._timer.cancel()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless a head has become too large."""
        self._piece = len(data)
        self._received += self._piece
        super().data_received(data)
        beyond = self._in_head and self._received - self._head_began > LARGEST_HEAD
        if beyond or (self.headers is not None and len(self.headers) > MOST_HEADERS):
            self.send_400_response("Request header too large.")

    def on_message_begin(self) -> None:
        """A head begins, somewhere in the piece that is being parsed."""
        self._in_head, self._head_began = True, self._received
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is over. Raises ValueError, which is answered with 400, when it is too large or doubtful."""
        self._in_head = False
        self._heads += 1
        may_be_large = self._piece + self._received - self._head_began > LARGEST_HEAD
        if len(self.headers) > MOST_HEADERS or (may_be_large and self._head_size() > LARGEST_HEAD):
            raise ValueError("the header is too large")
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]) or self.parser.get_http_version() != "1.1":
            self._older(hosts)
        super().on_headers_complete()

    def _older(self, hosts: list[bytes]) -> None:
        """HTTP/1.0 may name no host, and knows no chunks. Raises ValueError for everything else."""
        if self.parser.get_http_version() != "1.0" or len(hosts) > 1 or not all(map(HOST.fullmatch, hosts)):
            raise ValueError("expected HTTP/1.1 and one host")
        if any(name == b"transfer-encoding" for name, _ in self.headers):
            raise ValueError("HTTP/1.0 has no Transfer-Encoding")

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _look(self) -> None:
        """Whether anything that only the visitor can do has been done since the last look."""
        now = (self._heads, self._received, self.transport.get_write_buffer_size())
        heads, received, unsent = self._seen
        cycle = self.cycle
        uploading = cycle is not None and cycle.more_body and not cycle.response_complete and not self.flow.read_paused
        stuck = (
            (self._in_head and now[0] == heads)
            or (uploading and now[1] - received < SLOWEST_BODY)
            or 0 < now[2] == unsent
        )
        self._seen = now
        self._strikes = self._strikes + 1 if stuck else 0
        if self._strikes >= _STRIKES:
            self.transport.abort()
        else:
            self._timer = self.loop.call_later(self.patience, self._look)
