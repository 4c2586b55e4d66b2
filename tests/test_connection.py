"""Visitors who let the gateway wait are cut off; those who wait for the shop are not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from gateway.connection import LARGEST_HEAD, MOST_HEADERS, Connection, Together
from gateway.types import Receive, Scope, Send
from tests.proxy.servers import exchange, serve

GET = b"GET / HTTP/1.1\r\nHost: a.test\r\n"
PIECE = b"x" * 65_536


class Impatient(Connection):
    patience = 0.4


class Patient(Connection):
    patience = 3.0


class Shop:
    """Answers by the path; counts bodies that came, and tells of visitors cut off."""

    def __init__(self) -> None:
        self.received = 0
        self.asked = 0
        self.gone = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            await send({"type": "websocket.send", "text": "still here"})
            return
        self.asked += 1
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.set()
                return
            self.received += len(message["body"])
            more = message["more_body"]
        if scope["path"] == "/slow":
            await asyncio.sleep(1)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/later":
            await asyncio.sleep(1)
        if scope["path"] == "/large":
            for _ in range(400):
                await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            self.gone.set()
        await send({"type": "http.response.body", "body": b"ok"})


@contextlib.contextmanager
def shop(kind: type[Connection] = Impatient) -> Iterator[tuple[Shop, int]]:
    app = Shop()
    with serve(app, http=kind, lifespan="off", ws="websockets-sansio") as port:
        yield app, port


def rest(connection: socket.socket) -> bytes:
    """All that comes until the end, or the cut."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            data += piece
    return data


def is_cut(connection: socket.socket, drop: bytes, *, pause: float) -> bool:
    """Whether sending `drop` again and again, `pause` seconds apart, comes to an end."""
    for _ in range(3000):
        try:
            connection.sendall(drop)
        except OSError:
            return True
        time.sleep(pause)
    return False


class Wire(asyncio.Transport):
    """Notes what goes out, write by write."""

    def __init__(self) -> None:
        super().__init__({"peername": "somebody"})
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def writelines(self, data: Iterable[Any]) -> None:
        self.writes.append(b"".join(data))

    def close(self) -> None:
        self.writes.append(b"closed")


def test_the_head_of_an_answer_and_its_body_are_one_write() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"

    async def answer() -> tuple[list[bytes], ...]:
        wires = one, two, three = Wire(), Wire(), Wire()
        for wire in wires:
            transport = Together(wire, asyncio.get_running_loop())
            transport.write(head)
            assert transport.get_extra_info("peername") == "somebody"
            if wire is one:
                transport.write(b"first")
                transport.write(b"second")
            if wire is two:
                transport.close()
        assert not three.writes
        await asyncio.sleep(0)
        return one.writes, two.writes, three.writes

    assert asyncio.run(answer()) == ([head + b"first", b"second"], [head, b"closed"], [head])


def test_a_head_does_not_wait_for_a_body_that_is_late() -> None:
    with shop() as (_, port), socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"GET /later HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert connection.recv(65_536).endswith(b"\r\n\r\n"), "the head alone"
        assert b"ok" in connection.recv(65_536)


@pytest.mark.parametrize("begun", [b"", b"GET / HT", GET + b"X-A: 1"], ids=["silent", "line", "header"])
def test_a_head_that_does_not_come_to_its_end_is_cut_off(begun: bytes) -> None:
    with shop() as (app, port), socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
        visitor.sendall(begun)
        assert rest(visitor) == b""
    assert app.asked == 0


def test_a_head_in_drops_is_cut_off_too() -> None:
    with shop() as (app, port), socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
        visitor.sendall(GET + b"X-A: ")
        assert is_cut(visitor, b"x", pause=0.02)
    assert app.asked == 0


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * (LARGEST_HEAD + 9) + b" HTTP/1.1\r\nHost: a.test\r\n\r\n",
        GET + b"X-A: " + b"x" * LARGEST_HEAD + b"\r\n\r\n",
        GET + b"X-A: " + b"x" * 900_000,
        GET + b"X: 1\r\n" * MOST_HEADERS + b"\r\n",
    ],
    ids=["path", "header", "endless header", "headers"],
)
def test_a_head_that_is_too_large_is_answered_with_400(head: bytes) -> None:
    with shop(Patient) as (app, port), socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
        with contextlib.suppress(OSError):
            visitor.sendall(head)
        answer = rest(visitor)
    assert answer.startswith(b"HTTP/1.1 400 ") or (answer == b"" and len(head) > 200_000)
    assert app.asked == 0


def test_a_large_head_within_the_limit_passes() -> None:
    head = GET + b"Connection: close\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 300) for n in range(190)) + b"\r\n"
    with shop(Patient) as (_, port):
        assert exchange(port, head).endswith(b"ok\r\n0\r\n\r\n")


def test_endless_trailers_are_cut_off() -> None:
    with shop(Patient) as (_, port), socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
        visitor.sendall(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        assert is_cut(visitor, b"X-T: 1\r\n" * 100, pause=0)


def test_a_body_that_stops_is_cut_off_and_its_request_ends() -> None:
    with shop() as (app, port), socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
        visitor.sendall(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 99\r\n\r\nhalf")
        assert rest(visitor) == b""
        assert app.gone.wait(30)


def test_a_body_that_keeps_coming_is_not() -> None:
    with shop(Patient) as (app, port), socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
        visitor.sendall(b"POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 491520\r\n\r\n")
        for _ in range(30):
            visitor.sendall(b"x" * 16_384)
            time.sleep(0.2)
        assert rest(visitor).endswith(b"ok\r\n0\r\n\r\n")
    assert app.received == 491_520


def test_a_reader_who_takes_nothing_is_cut_off_and_lets_the_shop_go() -> None:
    with shop() as (app, port), socket.socket() as visitor:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        visitor.connect(("127.0.0.1", port))
        visitor.sendall(b"GET /large HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert app.gone.wait(30)
        visitor.settimeout(30)
        assert len(rest(visitor)) < 400 * len(PIECE)


def test_a_slow_reader_is_not() -> None:
    with shop(Patient) as (app, port), socket.socket() as visitor:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        visitor.connect(("127.0.0.1", port))
        visitor.sendall(b"GET /large HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
        visitor.settimeout(30)
        for _ in range(30):
            assert visitor.recv(131_072)
            time.sleep(0.2)
        assert not app.gone.is_set()


def test_waiting_for_the_shop_and_resting_between_requests_cost_nobody_the_connection() -> None:
    with shop() as (app, port), socket.create_connection(("127.0.0.1", port), timeout=30) as visitor:
        for _ in range(2):
            visitor.sendall(b"GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n")
            answer = b""
            while not answer.endswith(b"0\r\n\r\n"):
                answer += visitor.recv(4096)
            time.sleep(1)
    assert app.asked == 2


def test_a_silent_websocket_stays() -> None:
    with shop() as (_, port), connect(f"ws://127.0.0.1:{port}/", proxy=None) as wire:
        time.sleep(1)
        wire.send("hello")
        assert wire.recv(timeout=20) == "still here"


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [
        ("1.1", [], b"400"),
        ("1.1", ["a.test"], b"200"),
        ("1.1", ["a.test:8080"], b"200"),
        ("1.1", ["[::1]:8080"], b"200"),
        ("1.1", ["a.test", "a.test"], b"400"),
        ("1.1", [""], b"400"),
        ("1.1", ["a.test/b"], b"400"),
        ("1.1", ["b@a.test"], b"400"),
        ("1.1", ["a.test:b"], b"400"),
        ("1.0", [], b"200"),
        ("1.0", ["a.test"], b"200"),
        ("1.0", ["a.test", "b.test"], b"400"),
        ("1.0", ["a.test b"], b"400"),
        ("2.0", ["a.test"], b"400"),
    ],
)
def test_a_request_names_one_host(version: str, hosts: list[str], status: bytes) -> None:
    lines = [f"GET / HTTP/{version}", *(f"Host: {host}" for host in hosts), "Connection: close", "", ""]
    with shop(Patient) as (_, port):
        assert exchange(port, "\r\n".join(lines).encode()).split()[1] == status
