import asyncio
import socket
from urllib.request import urlopen

import pytest

from gateway.demo.servers import listen, listen_from, serve_all
from gateway.types import Message, Receive, Scope, Send


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await answer_lifespan(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def answer_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: Message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no"})


def test_a_taken_port_is_an_error_and_the_next_free_one_is_found() -> None:
    taken = listen(0)
    port = taken.getsockname()[1]
    with pytest.raises(OSError, match="in use"):
        listen(port)
    with pytest.raises(OSError, match=f"no free port from {port} on"):
        listen_from(port, tries=1)
    other = listen_from(port)
    assert other.getsockname()[1] > port
    other.close()
    taken.close()


def test_the_demo_listens_on_this_machine_only() -> None:
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_all_servers_answer_and_stop_together() -> None:
    async def scenario() -> tuple[list[bytes], bool]:
        sockets = [listen(0), listen(0)]
        urls = [f"http://127.0.0.1:{listening.getsockname()[1]}/" for listening in sockets]
        stop = asyncio.Event()
        running = asyncio.create_task(serve_all([(hello, listening) for listening in sockets], stop))
        answers = [await asyncio.to_thread(fetch, url) for url in urls]
        stop.set()
        return answers, await running

    assert asyncio.run(scenario()) == ([b"hello", b"hello"], True)


def test_one_that_cannot_start_stops_all() -> None:
    async def scenario() -> bool:
        return await serve_all([(hello, listen(0)), (broken, listen(0))], asyncio.Event())

    assert asyncio.run(scenario()) is False


def fetch(url: str) -> bytes:
    with urlopen(url, timeout=20) as answer:
        return bytes(answer.read())


def test_a_closed_socket_frees_its_port() -> None:
    first = listen(0)
    port = first.getsockname()[1]
    first.close()
    again: socket.socket = listen(port)
    again.close()
