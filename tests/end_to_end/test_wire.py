"""What no browser sends, to a real gateway and to nginx before it: refused, or asked of the shop once and enforced.

And shops that answer what no shop should: 502, or what can be passed on. Never an error of our own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.wire import ANSWERS, HANDSHAKES, REQUESTS, Case
from tests.nginx.server import needs_nginx
from tests.nginx.site import HOST, Shop, Site, front, gateway
from tests.proxy.servers import RawShop, Script
from tests.proxy.servers import serve as running

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /goods HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: _ga=1; sessionid=7\r\n\r\n"
)
CONSENT = b"x-consent: necessary=1;preferences=0;statistics=0;marketing=0;src=none;rev=1"


class Wire:
    """A gateway in front of a shop that writes `answer` and keeps what it was sent."""

    def __init__(self, shop: RawShop, port: int, log: Path) -> None:
        self.shop, self.port, self.log = shop, port, log
        self.answer = OK
        self.script: Script | None = None
        self._logged = 0

    def clean(self) -> None:
        """Forget what was."""
        self.answer, self.script = OK, None
        self.shop.requests.clear()
        self._logged = len(self.log.read_text())

    def exchange(self, sent: bytes, site: Site | None = None, until: bytes | None = None) -> bytes:
        """All bytes that come back for `sent`, or those up to `until`; through TLS where a site is given."""
        data = b""
        with contextlib.ExitStack() as stack:
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", site.port if site else self.port), 20))
            if site:
                wire = stack.enter_context(site.tls.wrap_socket(wire, server_hostname=HOST))
            with contextlib.suppress(OSError):
                wire.sendall(sent)
                while (until is None or until not in data) and (piece := wire.recv(65536)):
                    data += piece
        return data

    def check(self) -> None:
        """What holds for every request that reached the shop, and for the log."""
        for request in self.shop.requests:
            lines = request.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
            assert [line for line in lines if line.startswith(b"x-consent")] == [CONSENT]
            assert sum(line.startswith(b"host:") for line in lines) == 1
            assert not any(b"_ga" in line for line in lines if line.startswith(b"cookie:"))
        logged = self.log.read_text()[self._logged :]
        assert '"error"' not in logged
        assert "Traceback" not in logged


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    def script(connection: socket.socket, request: bytes, number: int) -> bool | None:
        if found.script:
            return found.script(connection, request, number)
        connection.sendall(found.answer)
        return False

    folder = tmp_path_factory.mktemp("wire")
    with RawShop(script) as shop, gateway(folder / "gateway", shop.port) as (port, _):
        found = Wire(shop, port, folder / "gateway" / "log")
        yield found


@pytest.fixture(scope="module")
def site(gate: Wire, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with front(tmp_path_factory.mktemp("nginx"), [gate.port], Shop(), gate.shop.port) as found:
        yield found


@pytest.fixture
def wire(gate: Wire) -> Wire:
    gate.clean()
    return gate


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
def test_a_request_is_refused_or_asked_as_often_as_it_was_sent(wire: Wire, case: Case) -> None:
    answer = wire.exchange(case.sent)
    assert statuses(answer)[:1] == [case.status]
    assert len(wire.shop.requests) == case.asked
    assert b"Set-Cookie: a=1" not in answer
    wire.check()


@needs_nginx
@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case.name)
def test_through_nginx_it_is_asked_no_more_often(wire: Wire, site: Site, case: Case) -> None:
    answer = wire.exchange(case.sent, site)
    assert 500 not in statuses(answer)
    assert len(wire.shop.requests) <= max(case.asked, 1)
    assert all(b"\r\nhost: shop.example:" in request for request in wire.shop.requests)
    wire.check()


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_an_answer_that_cannot_be_passed_on_is_a_502(wire: Wire, case: Case) -> None:
    wire.answer = case.sent
    answer = wire.exchange(GET)
    assert statuses(answer)[:1] == [case.status]
    assert b"\r\nset-cookie:" not in answer.lower()
    assert len(wire.shop.requests) == case.asked
    wire.check()


@pytest.mark.parametrize("case", HANDSHAKES, ids=lambda case: case.name)
def test_a_websocket_begins_as_it_should_or_is_denied(gate: Wire, case: Case) -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        (key,) = re.findall(rb"sec-websocket-key: (\S+)", request, re.I)
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()  # RFC 6455, section 1.3
        connection.sendall(case.sent.replace(b"ACCEPT", b64encode(digest)))
        return False

    gate.clean()
    gate.script = script
    answer = gate.exchange(HANDSHAKE, until=b"\r\n\r\n")
    assert statuses(answer)[:1] == [case.status]
    assert b"set-cookie: _ga=1" not in answer.lower()
    (asked,) = gate.shop.requests
    assert b"\r\ncookie: sessionid=7\r\n" in asked
    assert "Traceback" not in gate.log.read_text()


def test_after_all_that_the_gateway_is_well(wire: Wire) -> None:
    assert wire.exchange(GET).endswith(b"ok")


def test_an_upload_of_fifty_megabytes_passes_and_stays_nowhere(tmp_path: Path) -> None:
    shop = Shop()
    with running(shop) as behind, gateway(tmp_path / "gateway", behind) as (port, process):
        before = _kilobytes(process.pid)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
            head = b"POST /upload HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            wire.sendall(head % (50 << 20))
            piece = os.urandom(1 << 20)
            for _ in range(50):
                wire.sendall(piece)
            assert b" 200 " in wire.recv(65536)
        assert shop.uploaded == 50 << 20
        assert _kilobytes(process.pid) - before < 16_384


def _kilobytes(process: int) -> int:
    """The most memory it has had."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0])
