from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn

from gateway.proxy.reverse import ReverseProxy, end_to_end
from gateway.proxy.upstream import Limits, Upstream
from tests.proxy.servers import RawShop, exchange, get, serve, unchunked
from tests.served import free_port, wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def says(answer: bytes, *, keep: bool = False) -> Callable[[socket.socket, bytes, int], bool]:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(answer)
        return keep

    return script


def test_path_query_and_headers_reach_the_shop_byte_for_byte() -> None:
    target = b"//a/%2e%2E/%E5%95%86;x=1/~'()?q=%zz&q=a+b&&=?&x=%23"
    cookies = [b'Cookie: a=1; b="x\\"y"; a=2;c', b"Cookie: big5=\xb0\xd3\xab~; empty="]
    with RawShop(says(OK)) as shop, serve(ReverseProxy(shop.url)) as port:
        get(port, target, *cookies, b"X-Odd:  spaced out", b"User-Agent: me")
    assert shop.requests == [
        b"GET " + target + b" HTTP/1.1\r\nhost: shop.test\r\n"
        b'cookie: a=1; b="x\\"y"; a=2;c\r\ncookie: big5=\xb0\xd3\xab~; empty=\r\n'
        b"x-odd: spaced out\r\nuser-agent: me\r\n\r\n"
    ]


def test_a_path_of_the_upstream_goes_before_every_path() -> None:
    with RawShop(says(OK)) as shop, serve(ReverseProxy(shop.url + "/000489/")) as port:
        get(port, b"/cart?x")
    assert shop.requests[0].startswith(b"GET /000489/cart?x HTTP/1.1\r\n")


def test_without_a_host_the_upstreams_own_is_asked() -> None:
    with RawShop(says(OK)) as shop, serve(ReverseProxy(shop.url)) as port:
        exchange(port, b"GET / HTTP/1.0\r\n\r\n")
    assert b"\r\nhost: 127.0.0.1:%d\r\n" % shop.port in shop.requests[0]


def test_answer_lines_stay_apart_and_in_order() -> None:
    answer = (
        b"HTTP/1.1 200 Fine\r\nSet-Cookie: a=1, b=2\r\nX-A: 1\r\nSet-Cookie: c=\xb0\xd3\r\n"
        b"Content-Length: 2\r\n\r\nok"
    )
    with RawShop(says(answer)) as shop, serve(ReverseProxy(shop.url)) as port:
        head, body = get(port)
    assert head.split(b"\r\n")[1:5] == [
        b"set-cookie: a=1, b=2",
        b"x-a: 1",
        b"set-cookie: c=\xb0\xd3",
        b"content-length: 2",
    ]
    assert body == b"ok"


def test_hop_by_hop_headers_stay_on_their_hop() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nConnection: X-Mine, keep-alive\r\nX-Mine: 1\r\nKeep-Alive: timeout=9\r\n"
        b"Trailer: X-T\r\nContent-Length: 2\r\n\r\nok"
    )
    with RawShop(says(answer)) as shop, serve(ReverseProxy(shop.url)) as port:
        head, _ = get(port, b"/", b"Connection: X-Hop, Cookie", b"X-Hop: 1", b"TE: trailers", b"Cookie: a=1")
    assert shop.requests[0] == b"GET / HTTP/1.1\r\nhost: shop.test\r\ncookie: a=1\r\n\r\n"
    assert head == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close"


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        pytest.param([(b"Te", b"trailers"), (b"A", b"1")], [(b"a", b"1")], id="te"),
        pytest.param(
            [(b"connection", b"close"), (b"close", b"1")], [(b"close", b"1")], id="close is no name"
        ),
        pytest.param(
            [(b"connection", b"x-consent, a"), (b"x-consent", b"1"), (b"a", b"1")],
            [(b"x-consent", b"1")],
            id="the gateway's word cannot be listed away",
        ),
        pytest.param(
            [(b"content-length", b"9"), (b"transfer-encoding", b"chunked")], [], id="chunked wins over length"
        ),
        pytest.param([(b"expect", b"100-continue"), (b"upgrade", b"h2c")], [], id="expect and upgrade"),
    ],
)
def test_end_to_end(headers: list[tuple[bytes, bytes]], kept: list[tuple[bytes, bytes]]) -> None:
    assert end_to_end(headers) == kept


@pytest.mark.parametrize(
    ("method", "answer", "status", "wire"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\nETag: \"x\"\r\n\r\n", b"200", b""),
        (b"GET", b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", b"204", b""),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", b"304", b""),
        (b"GET", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + OK, b"200", b"ok"),
        (b"GET", b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"200", b"ok"),
        (b"GET", b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"200", b"d\r\nuntil the end\r\n0\r\n\r\n"),
        (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"200",
         b"2\r\nok\r\n0\r\n\r\n"),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"200", b""),
        (b"GET", b"HTTP/1.1 302 Found\r\nLocation: http://e.test/\r\nContent-Length: 0\r\n\r\n", b"302", b""),
    ],
    ids=["head", "204", "304", "early hints", "continue", "until close", "chunked", "empty", "redirect"],
)  # fmt: skip
def test_every_kind_of_answer(method: bytes, answer: bytes, status: bytes, wire: bytes) -> None:
    with RawShop(says(answer)) as shop, serve(ReverseProxy(shop.url)) as port:
        head, body = get(port, method=method)
    assert head.split(b" ")[1] == status
    assert body == wire
    if method == b"HEAD":
        assert b"content-length: 999" in head


def test_an_encoded_body_passes_encoded() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    with RawShop(says(answer)) as shop, serve(ReverseProxy(shop.url)) as port:
        head, body = get(port)
    assert b"content-encoding: gzip" in head
    assert body == b"\x1f\x8b\x08\x00"


@pytest.mark.parametrize(
    ("lines", "body", "sent"),
    [
        ([b"Content-Length: 5"], b"hello", b"content-length: 5\r\n\r\nhello"),
        ([b"Transfer-Encoding: chunked"], b"5\r\nhello\r\n0\r\n\r\n",
         b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        ([b"Content-Length: 5", b"Expect: 100-continue"], b"hello", b"content-length: 5\r\n\r\nhello"),
        ([b"Content-Length: 0"], b"", b"content-length: 0\r\n\r\n"),
        ([], b"", b"host: shop.test\r\n\r\n"),
    ],
    ids=["length", "chunked", "expect", "empty", "none"],
)  # fmt: skip
def test_request_bodies(lines: list[bytes], body: bytes, sent: bytes) -> None:
    with RawShop(says(OK)) as shop, serve(ReverseProxy(shop.url)) as port:
        head = [b"POST / HTTP/1.1", b"Host: shop.test", b"Connection: close", *lines]
        answer = exchange(port, b"\r\n".join(head) + b"\r\n\r\n" + body)
    assert answer.endswith(b"ok")
    assert shop.requests[0].endswith(sent)


def test_a_large_upload_arrives_whole_and_before_it_is_complete() -> None:
    body = bytes(range(256)) * 16_384

    async def shop(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        size, pieces, more = 0, 0, True
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while more:
            message = await receive()
            size, pieces, more = size + len(message["body"]), pieces + 1, message["more_body"]
            if pieces == 1:
                await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await send({"type": "http.response.body", "body": b" %d" % size})

    with (
        serve(shop, lifespan="off") as origin,
        serve(ReverseProxy(f"http://127.0.0.1:{origin}")) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as visitor,
    ):
        visitor.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        visitor.sendall(body[:1000])
        begun = b""
        while b"first" not in begun:
            begun += visitor.recv(65536)
        visitor.sendall(body[1000:])
        rest = b""
        while piece := visitor.recv(65536):
            rest += piece
    assert b" %d" % len(body) in rest
    assert rest.endswith(b"0\r\n\r\n")


def test_an_answer_that_overtakes_the_upload_ends_it_and_its_connection() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with (
        serve(ReverseProxy(f"http://127.0.0.1:{listener.getsockname()[1]}")) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as visitor,
    ):
        visitor.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\nx")
        shop, _ = listener.accept()
        shop.settimeout(30)
        while not shop.recv(65536).endswith(b"x"):
            pass
        shop.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        answer = b""
        while not answer.endswith(b"big"):
            answer += visitor.recv(65536)
        assert shop.recv(1) == b"", "a connection with half a request must not be used again"
        shop.close()
    listener.close()


def test_chunks_are_passed_on_as_they_come() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        connection.sendall(b"5\r\nfirst\r\n")
        connection.recv(1)
        return False

    with (
        RawShop(script) as shop,
        serve(ReverseProxy(shop.url)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as visitor,
    ):
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        seen = b""
        while b"first" not in seen:
            seen += visitor.recv(65536)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"not http at all\r\n\r\n", b"502"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", b"502"),
        (b"", b"502"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b"502"),
    ],
    ids=["nonsense", "half a header", "closed at once", "unasked upgrade"],
)
def test_a_bad_answer_is_a_502_page(answer: bytes, status: bytes) -> None:
    with RawShop(says(answer)) as shop, serve(ReverseProxy(shop.url)) as port:
        head, body = get(port)
        head_only, nothing = get(port, method=b"HEAD")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert b"cache-control: no-store" in head
    assert "網站".encode() in body
    assert b"The site" in body
    assert head_only.startswith(b"HTTP/1.1 502")
    assert nothing == b""
    assert len(shop.requests) == 2, "a fresh connection is no reason to ask twice"


def test_a_shop_that_is_away_is_a_502_and_recovers_without_restart() -> None:
    number = free_port()
    with serve(ReverseProxy(f"http://127.0.0.1:{number}")) as port:
        assert get(port)[0].startswith(b"HTTP/1.1 502")

        async def back(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"back"})

        server = uvicorn.Server(uvicorn.Config(back, port=number, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        assert get(port)[0].startswith(b"HTTP/1.1 200")
        server.should_exit = True
        thread.join(30)


def test_a_silent_shop_is_a_504() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        shop.wait_for_hang_up(connection)
        return False

    shop = RawShop(script)
    with shop, serve(ReverseProxy(shop.url, limits=Limits(answer=0.2))) as port:
        head, body = get(port)
        assert shop.hung_up.wait(30)
    assert head.startswith(b"HTTP/1.1 504")
    assert b"too long" in body


def test_no_free_connection_in_time_is_a_504() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.recv(1)
        return False

    limits = Limits(connections=1, connect=1.0)
    with (
        RawShop(script) as shop,
        serve(ReverseProxy(shop.url, limits=limits)) as port,
        socket.create_connection(("127.0.0.1", port)) as first,
    ):
        first.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: bool(shop.requests))
        assert get(port)[0].startswith(b"HTTP/1.1 504")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
    ],
    ids=["length", "chunked"],
)
def test_an_answer_that_breaks_off_is_seen_to_break_off(answer: bytes) -> None:
    with RawShop(says(answer)) as shop, serve(ReverseProxy(shop.url)) as port:
        head, body = get(port)
    if b"content-length: 100" in head:
        assert len(body) < 100
    else:
        with pytest.raises(AssertionError, match="no end"):
            unchunked(body)


def test_an_answer_that_falls_silent_is_cut() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        shop.wait_for_hang_up(connection)
        return False

    shop = RawShop(script)
    with shop, serve(ReverseProxy(shop.url, limits=Limits(idle=0.2))) as port:
        _, body = get(port)
        assert shop.hung_up.wait(30)
    assert len(body) < 100


@pytest.mark.parametrize(
    "begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"], ids=["waiting", "reading"]
)
def test_a_visitor_who_leaves_takes_the_request_along(begun: bytes) -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(begun)
        shop.wait_for_hang_up(connection)
        return False

    shop = RawShop(script)
    with shop, serve(ReverseProxy(shop.url)) as port:
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: bool(shop.requests))
            time.sleep(0.2)
            assert not shop.hung_up.is_set()
        assert shop.hung_up.wait(30)


def test_a_visitor_who_leaves_after_the_upload_takes_the_request_along() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        shop.wait_for_hang_up(connection)
        return False

    shop = RawShop(script)
    with shop, serve(ReverseProxy(shop.url)) as port:
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            visitor.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            wait_until(lambda: bool(shop.requests))
        assert shop.hung_up.wait(30)


def test_an_upload_cut_by_the_visitor_never_looks_complete() -> None:
    received = b""
    listener = socket.create_server(("127.0.0.1", 0))
    with serve(ReverseProxy(f"http://127.0.0.1:{listener.getsockname()[1]}")) as port:
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            visitor.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
            connection, _ = listener.accept()
            connection.settimeout(30)
            while b"hi" not in received:
                received += connection.recv(65536)
            # An abortive close, as of a browser tab that is killed.
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with connection:
            while piece := connection.recv(65536):
                received += piece
    listener.close()
    assert received.endswith(b"2\r\nhi\r\n")


def test_connections_are_used_again() -> None:
    with RawShop(says(OK, keep=True)) as shop, serve(ReverseProxy(shop.url)) as port:
        for _ in range(3):
            assert get(port)[1] == b"ok"
    assert (shop.connections, len(shop.requests)) == (1, 3)


@pytest.mark.parametrize(
    ("method", "body", "status", "asked"),
    [
        (b"GET", b"", b"200", 3),
        (b"DELETE", b"", b"200", 3),
        (b"POST", b"", b"502", 2),
        (b"PUT", b"hi", b"502", 2),
    ],
    ids=["get", "delete", "post", "put with body"],
)
def test_a_stale_connection_is_tried_once_more_where_that_is_safe(
    method: bytes, body: bytes, status: bytes, asked: int
) -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        if number != 2:
            connection.sendall(OK)
        return number != 2

    with RawShop(script) as shop, serve(ReverseProxy(shop.url)) as port:
        get(port)
        lines = [b"Content-Length: %d" % len(body)] if body else []
        request = [method + b" / HTTP/1.1", b"Host: a", b"Connection: close", *lines]
        answer = exchange(port, b"\r\n".join(request) + b"\r\n\r\n" + body)
    assert answer.split(b" ")[1] == status
    assert len(shop.requests) == asked


def test_connect_is_refused() -> None:
    sent: list[Any] = []

    async def receive() -> Any: ...

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(ReverseProxy("http://127.0.0.1:1")({"type": "http", "method": "CONNECT"}, receive, send))
    assert sent[0]["status"] == 405


@pytest.mark.parametrize("url", ["ftp://a", "shop.test", "http://", "//a"])
def test_an_upstream_must_be_a_web_address(url: str) -> None:
    with pytest.raises(ValueError, match="expected http"):
        Upstream(url)


def test_a_cancellation_from_outside_goes_on() -> None:
    async def run(url: str) -> None:
        proxy = ReverseProxy(url)
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        never = asyncio.Event()

        async def receive() -> Any:
            await never.wait()

        async def send(message: Any) -> None: ...

        serving = asyncio.create_task(proxy(scope, receive, send))
        await asyncio.sleep(0.1)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        await proxy.close()

    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.recv(1)
        return False

    with RawShop(script) as shop:
        asyncio.run(run(shop.url))


def test_a_body_framed_by_http_2_is_sent_chunked() -> None:
    async def run(url: str) -> None:
        proxy = ReverseProxy(url)
        scope = {"type": "http", "http_version": "2", "method": "POST", "path": "/é", "query_string": b"",
                 "headers": [(b"host", b"a")]}  # fmt: skip
        messages = iter([{"type": "http.request", "body": b"", "more_body": True},
                         {"type": "http.request", "body": b"hi"}])  # fmt: skip

        async def receive() -> Any:
            message = next(messages, None)
            if message is None:
                await asyncio.sleep(60)
            return message

        async def send(message: Any) -> None: ...

        await proxy(scope, receive, send)
        await proxy.close()

    with RawShop(says(OK)) as shop:
        asyncio.run(run(shop.url))
    assert shop.requests == [
        "POST /é HTTP/1.1\r\n".encode() + b"host: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    ]


def test_requests_beyond_those_that_may_wait_are_answered_at_once_with_503() -> None:
    held = threading.Event()

    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        held.wait(60)
        connection.sendall(OK)
        return False

    limits = Limits(connections=1, waiting=2)
    answers: list[bytes] = []

    def ask() -> None:
        answers.append(get(port)[0])

    with RawShop(script) as shop, serve(ReverseProxy(shop.url, limits=limits)) as port:
        threads = [threading.Thread(target=ask) for _ in range(5)]
        threads[0].start()
        while not shop.requests:
            time.sleep(0.01)
        for thread in threads[1:]:
            thread.start()
        while len(answers) < 2:
            time.sleep(0.01)
        held.set()
        for thread in threads:
            thread.join(60)
    codes = [head.split()[1] for head in answers]
    assert (codes[:2], sorted(codes)) == ([b"503", b"503"], [b"200", b"200", b"200", b"503", b"503"])
    assert b"\r\nretry-after: 5" in answers[0]
    assert len(shop.requests) == 3


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-A: \x7f\r\nContent-Length: 0\r\n\r\n"],
    ids=["status", "control character"],
)
def test_what_no_server_may_send_is_not_passed_on(answer: bytes) -> None:
    with RawShop(says(answer)) as shop, serve(ReverseProxy(shop.url)) as port:
        assert get(port)[0].startswith(b"HTTP/1.1 502 ")


def test_nobody_gets_an_echo_of_what_they_sent() -> None:
    with RawShop(says(OK)) as shop, serve(ReverseProxy(shop.url)) as port:
        assert get(port, method=b"TRACE")[0].startswith(b"HTTP/1.1 405 ")
    assert shop.requests == []
