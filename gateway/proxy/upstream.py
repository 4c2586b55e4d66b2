"""The shop at the other end of a pool of connections: one request in, one streamed answer out.

aiohttp's connector, parser and flow control are used directly, below its `ClientSession.request`: that
one re-encodes header values as UTF-8 (a Big5 or Latin-1 cookie would not arrive byte for byte), parses
every URL anew, and costs a third of the time of a request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakSet

from aiohttp import ClientError, ClientOSError, ClientTimeout, ServerDisconnectedError, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.http import HttpProcessingError, StreamWriter
from yarl import URL

from gateway.errors import UpstreamBadResponse, UpstreamBusy, UpstreamTimeout, UpstreamUnreachable
from gateway.observability.refusals import Reason, nobody
from gateway.types import RawHeaders

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.http import RawResponseMessage
    from aiohttp.streams import StreamReader

IDEMPOTENT: Final = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))
_HEADER_LINE_LIMIT: Final = 65_536
_READ_BUFFER: Final = 65_536
_UNSENDABLE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""Control characters: aiohttp takes some of them in values, no server may send them (RFC 9110, section 5.5)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds towards the shop; times in seconds."""

    connections: int = 256
    waiting: int = 512
    """Requests that may wait for one of them, a new one being made included; more are answered 503 at once."""
    websockets: int = 1024
    connect: float = 10.0
    answer: float = 60.0
    """From the last byte of the request to the answer's header."""
    idle: float = 300.0
    """Between two pieces of an answer's body; an event stream may be silent that long."""
    keep_alive: float = 4.0
    """Below the five seconds after which uvicorn and Node.js close: a POST cannot be sent twice."""


class Answer:
    """One answer of the shop. `close` it unless the body was read to its end."""

    __slots__ = ("_connection", "_payload", "_upload", "headers", "status")

    def __init__(
        self,
        message: RawResponseMessage,
        payload: StreamReader,
        connection: Connection,
        upload: asyncio.Task[None] | None,
    ) -> None:
        self.status = message.code
        self.headers = message.raw_headers
        self._payload = payload
        self._connection = connection
        self._upload = upload
        payload.on_eof(self._over)

    @property
    def ended(self) -> bool:
        """Whether nothing of the body is left."""
        return self._payload.at_eof()

    async def read(self) -> bytes:
        """The next piece of the body, empty at the end. Raises UpstreamError when it breaks off."""
        try:
            return await self._payload.readany()
        except TimeoutError as error:
            raise UpstreamTimeout("the shop stopped in the middle of its answer") from error
        except (ClientError, HttpProcessingError, OSError) as error:
            raise UpstreamBadResponse(f"the shop's answer broke off: {error!r}") from error

    def close(self) -> None:
        """Cut the connection if the answer is not over; otherwise it went back to the pool already."""
        self._stop_upload()
        self._connection.close()

    def _over(self) -> None:
        self._stop_upload()
        self._connection.release()

    def _stop_upload(self) -> None:
        """An upload that the answer overtook ends here, and so does its connection."""
        if self._upload is not None and _unfinished(self._upload):
            self._upload.cancel()
            if self._connection.protocol is not None:
                self._connection.protocol.force_close()


class Upstream:
    """The shop at `url` (scheme, host, port, and a path to put before every path, if any).

    `refused` hears of every request that is answered 503 because there is no place for it.
    """

    def __init__(
        self, url: str, *, limits: Limits | None = None, refused: Callable[[Reason], None] = nobody
    ) -> None:
        parsed = URL(url)
        if parsed.scheme not in ("http", "https") or not parsed.raw_host:
            raise ValueError(f"upstream = {url!r}: expected http://HOST[:PORT] or https://HOST[:PORT]")
        self.url = parsed
        self.base = parsed.raw_path.rstrip("/").encode()
        self.limits = limits or Limits()
        self.websockets = 0
        self.refused = refused
        self._waiting = 0
        self._connector: TCPConnector | None = None
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def open(self) -> None:
        """Make the pool; opening an open one does nothing."""
        if self._connector is None or self._connector.closed:
            loop = asyncio.get_running_loop()
            limits = self.limits
            self._connector = TCPConnector(limit=limits.connections, keepalive_timeout=limits.keep_alive)
            self._timeout = ClientTimeout(connect=limits.connect, sock_connect=limits.connect)
            self._where = ClientRequest("GET", self.url, loop=loop)

    async def close(self) -> None:
        """Close every connection."""
        if self._connector is not None:
            await self._connector.close()

    async def request(
        self, method: str, target: bytes, headers: RawHeaders, body: AsyncIterator[bytes] | None = None
    ) -> Answer:
        """Ask the shop. `target` and `headers` go out byte for byte, so they must be free of line breaks.

        A body is sent as it comes, chunked unless a Content-Length is among the headers. A request without
        body and of an idempotent method is sent once more when a pooled connection turns out to be stale
        (RFC 9110, section 9.2.2). Raises UpstreamError.
        """
        await self.open()
        head = _head(method, self.base + target, headers, self.url)
        while True:
            connection = await self._connect()
            protocol = cast(ResponseHandler, connection.protocol)
            pooled = protocol in self._used
            try:
                return await self._exchange(connection, protocol, method, head, headers, body)
            except (ServerDisconnectedError, ClientOSError) as error:
                connection.close()
                begun = isinstance(error, ServerDisconnectedError) and not isinstance(error.message, str)
                if pooled and body is None and method in IDEMPOTENT and not begun:
                    continue
                raise UpstreamBadResponse(f"the shop closed the connection: {error!r}") from error
            except TimeoutError as error:
                connection.close()
                raise UpstreamTimeout(f"the shop did not answer within {self.limits.answer} s") from error
            except (ClientError, HttpProcessingError, OSError) as error:
                connection.close()
                raise UpstreamBadResponse(f"the shop's answer is not HTTP: {error!r}") from error
            except BaseException:
                connection.close()
                raise

    async def _connect(self) -> Connection:
        if self._waiting >= self.limits.waiting:
            self.refused(Reason.SHOP)
            raise UpstreamBusy(f"{self._waiting} requests wait for a connection to the shop")
        self._waiting += 1
        try:
            return await cast(TCPConnector, self._connector).connect(self._where, [], self._timeout)
        except TimeoutError as error:
            raise UpstreamTimeout(f"no connection to the shop within {self.limits.connect} s") from error
        except (ClientError, OSError) as error:
            raise UpstreamUnreachable(f"no connection to the shop: {error!r}") from error
        finally:
            self._waiting -= 1

    async def _exchange(
        self,
        connection: Connection,
        protocol: ResponseHandler,
        method: str,
        head: bytes,
        headers: RawHeaders,
        body: AsyncIterator[bytes] | None,
    ) -> Answer:
        protocol.set_response_params(
            skip_payload=method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=self.limits.answer,
            read_bufsize=_READ_BUFFER,
            max_line_size=_HEADER_LINE_LIMIT,
            max_field_size=_HEADER_LINE_LIMIT,
        )
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise ServerDisconnectedError
        transport.write(head)
        upload: asyncio.Task[None] | None = None
        if body is None:
            protocol.start_timeout()
        else:
            upload = asyncio.create_task(_upload(protocol, body, headers))
            upload.add_done_callback(_unfinished)
        try:
            message, payload = await protocol.read()
            while 100 <= message.code < 200 and message.code != 101:
                message, payload = await protocol.read()
        except BaseException:
            if upload is not None:
                upload.cancel()
            raise
        if message.code == 101:
            raise UpstreamBadResponse("the shop changed the protocol unasked")
        if message.code > 599 or _UNSENDABLE.search(b"".join([value for _, value in message.raw_headers])):
            raise UpstreamBadResponse(f"the shop's answer {message.code} cannot be passed on")
        if not payload.is_eof():
            protocol.read_timeout = self.limits.idle
            protocol.start_timeout()
        self._used.add(protocol)
        return Answer(message, payload, connection, upload)


def _head(method: str, target: bytes, headers: RawHeaders, url: URL) -> bytes:
    lines = [method.encode("ascii") + b" " + (target or b"/") + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in headers]
    if not any(name == b"host" for name, _ in headers):
        lines.append(b"host: " + (url.host_port_subcomponent or "").encode())
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


async def _upload(protocol: ResponseHandler, body: AsyncIterator[bytes], headers: RawHeaders) -> None:
    writer = StreamWriter(protocol, asyncio.get_running_loop())
    if not any(name == b"content-length" for name, _ in headers):
        writer.enable_chunking()
    async for piece in body:
        if piece:
            await writer.write(piece)
    await writer.write_eof()
    protocol.start_timeout()


def _unfinished(upload: asyncio.Task[None]) -> bool:
    """Whether an upload did not come to its end. Looking also keeps asyncio from reporting the failure."""
    return not upload.done() or upload.cancelled() or upload.exception() is not None
