"""Report mode: the answer is untouched whatever happens to its copy."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter

import pytest

from gateway.middleware.html import HtmlMiddleware
from gateway.middleware.report import ReportMiddleware
from gateway.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

HTML: RawHeaders = [(b"content-type", b"text/html"), (b"etag", b'"1"')]


class Collector:
    """A rewriter that keeps what it was given and gives something else."""

    def __init__(self) -> None:
        self.seen = b""
        self.ended = 0

    def write(self, data: bytes) -> bytes:
        self.seen += data
        return b"x" * len(data)

    def end(self) -> bytes:
        self.ended += 1
        return b"end"


def page(*pieces: bytes, headers: RawHeaders | None = None) -> list[Message]:
    bodies = [{"type": "http.response.body", "body": piece, "more_body": True} for piece in pieces]
    start = {"type": "http.response.start", "status": 200, "headers": headers or HTML}
    return [start, *bodies, {"type": "http.response.body"}]


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("broken")


class Run:
    """One request through the middleware; `shop` is what reached the shop, `sent` what the browser got."""

    def __init__(
        self, messages: list[Message], enforced: ASGIApp | None = None, kind: str = "http", most: int = 1 << 20
    ) -> None:
        self.rewriter = Collector()
        self.counts: Counter[str] = Counter()
        self.sent: list[Message] = []
        self.shop: list[Scope] = []
        self._messages = messages
        app = ReportMiddleware(
            self._answer,
            enforced=lambda inner: enforced or HtmlMiddleware(inner, rewriter_for=lambda *_: self.rewriter),
            count=lambda what: self.counts.update([what]),
            most_bytes=most,
        )
        self.scope: Scope = {
            "type": kind, "method": "GET", "path": "/", "headers": [(b"accept-encoding", b"gzip"), (b"range", b"x")]
        }  # fmt: skip
        asyncio.run(app(self.scope, self._receive, self._send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.shop.append({**scope, "received": await receive()})
        for message in self._messages:
            await send(message)

    async def _receive(self) -> Message:
        return {"type": "the request"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


def test_request_and_answer_are_untouched_and_the_copy_is_looked_at() -> None:
    messages = page(b"<p>a", b"<p>b")
    run = Run(messages)
    assert all(got is given for got, given in zip(run.sent, messages, strict=True))
    assert run.shop == [{**run.scope, "received": {"type": "the request"}}]
    assert (run.rewriter.seen, run.rewriter.ended) == (b"<p>a<p>b", 1)
    assert run.counts == {}


def test_encoded_pages_are_decoded_for_the_copy_alone() -> None:
    encoded = gzip.compress(b"<p>a")
    run = Run(page(encoded, headers=[*HTML, (b"content-encoding", b"gzip")]))
    assert run.sent[1]["body"] == encoded
    assert run.rewriter.seen == b"<p>a"


def test_what_is_no_page_is_not_looked_at() -> None:
    run = Run(page(b"<p>", headers=[(b"content-type", b"image/png")]))
    assert (run.rewriter.seen, len(run.sent)) == (b"", 3)


def test_a_long_page_is_looked_at_only_at_its_start_and_passes_whole() -> None:
    run = Run(page(b"a" * 60, b"b" * 60, b"c" * 60), most=100)
    assert (run.rewriter.seen, run.rewriter.ended) == (b"a" * 60 + b"b" * 40, 1)
    assert b"".join(message.get("body", b"") for message in run.sent) == b"a" * 60 + b"b" * 60 + b"c" * 60
    assert run.counts == {"report-cut-short": 1}


def test_a_small_page_that_unfolds_without_end_is_left() -> None:
    most = 100_000
    bomb = gzip.compress(b"a" * 50_000_000)
    run = Run(page(bomb, b"rest", headers=[*HTML, (b"content-encoding", b"gzip")]), most=most)
    assert len(run.rewriter.seen) < 20 * most
    assert run.counts == {"report-cut-short": 1}
    assert [message.get("body") for message in run.sent] == [None, bomb, b"rest", None]


@pytest.mark.parametrize("at", ["request", "http.response.start", "http.response.body"])
def test_a_failure_does_not_touch_the_page(at: str, caplog: pytest.LogCaptureFixture) -> None:
    def failing(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async def judged(message: Message) -> None:
                if message["type"] == at:
                    raise RuntimeError("broken")

            await (broken if at == "request" else inner)(scope, receive, judged)

        return app

    messages = page(b"<p>a")
    sent: list[Message] = []
    counts: Counter[str] = Counter()

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for message in messages:
            await send(message)

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "the request"}

    app = ReportMiddleware(shop, enforced=failing, count=lambda what: counts.update([what]))
    asyncio.run(app({"type": "http"}, receive, send))
    assert sent == messages
    assert counts == {"report-failed": 1}
    assert "it was passed as it is" in caplog.text


def test_where_enforcing_would_answer_itself_the_shop_still_does() -> None:
    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    run = Run(page(b"<p>a"), answering)
    assert len(run.shop) == 1
    assert len(run.sent) == 3
    assert run.counts == {}


def test_a_websocket_is_looked_at_and_untouched() -> None:
    messages: list[Message] = [{"type": "websocket.accept", "headers": []}, {"type": "websocket.send", "text": "a"}]
    run = Run(messages, kind="websocket")
    assert run.sent == messages


def test_the_lifespan_passes() -> None:
    run = Run([{"type": "lifespan.startup.complete"}], broken, kind="lifespan")
    assert run.counts == {}
    assert run.shop[0] == {**run.scope, "received": {"type": "the request"}}
    assert len(run.sent) == 1
