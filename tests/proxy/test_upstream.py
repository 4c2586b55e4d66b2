from __future__ import annotations

import asyncio
import socket

import pytest

from gateway.errors import UpstreamBadResponse, UpstreamUnreachable
from gateway.proxy.upstream import Upstream
from tests.proxy.servers import RawShop

HOST = [(b"host", b"shop.test")]


def test_an_answer_is_read_piece_by_piece_and_its_connection_goes_back() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(b"HTTP/1.1 201 Created\r\nX-A: 1\r\nContent-Length: 4\r\n\r\nbody")
        return True

    async def run(url: str) -> None:
        upstream = Upstream(url)
        for _ in range(2):
            answer = await upstream.request("GET", b"/a?b", HOST)
            assert (answer.status, answer.headers) == (201, ((b"X-A", b"1"), (b"Content-Length", b"4")))
            assert await answer.read() == b"body"
            assert answer.ended
        await upstream.close()

    with RawShop(script) as shop:
        asyncio.run(run(shop.url))
    assert shop.connections == 1
    assert shop.requests == [b"GET /a?b HTTP/1.1\r\nhost: shop.test\r\n\r\n"] * 2


def test_a_closed_answer_cuts_its_connection() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nbody")
        shop.wait_for_hang_up(connection)
        return False

    async def run(url: str) -> None:
        upstream = Upstream(url)
        answer = await upstream.request("GET", b"/", HOST)
        answer.close()
        await asyncio.sleep(0.1)
        await upstream.close()

    shop = RawShop(script)
    with shop:
        asyncio.run(run(shop.url))
        assert shop.hung_up.wait(30)


def test_nobody_there_is_unreachable() -> None:
    async def run() -> None:
        upstream = Upstream("http://127.0.0.1:1")
        with pytest.raises(UpstreamUnreachable):
            await upstream.request("GET", b"/", HOST)
        await upstream.close()

    asyncio.run(run())


def test_closing_what_was_never_opened_does_nothing() -> None:
    asyncio.run(Upstream("http://127.0.0.1:1").close())


def test_a_torn_header_on_a_used_connection_is_not_asked_again() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" if number == 1 else b"HTTP/1.1 200"
        )
        return number == 1

    async def run(url: str) -> None:
        upstream = Upstream(url)
        await upstream.request("GET", b"/", HOST)
        with pytest.raises(UpstreamBadResponse):
            await upstream.request("POST", b"/", HOST)
        await upstream.close()

    with RawShop(script) as shop:
        asyncio.run(run(shop.url))
    assert len(shop.requests) == 2
