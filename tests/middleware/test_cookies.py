import asyncio
from typing import Any

import pytest

from gateway.enforcement.cookies import CookieFilter
from gateway.middleware.cookies import CookieMiddleware
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.types import Message, RawHeaders, Receive, Scope, Send

COOKIES = {"_fbp": Category.MARKETING, "_ga": Category.STATISTICS, "sessionid": Category.NECESSARY}
GRANTED = Decision(State.GRANTED, State.GRANTED, State.GRANTED)
SENT: RawHeaders = [(b"host", b"WWW.Shop.tw:8080"), (b"cookie", b"sessionid=1; _fbp=2; _ga=3")]


def answering(message: Message, seen: list[Scope]) -> Any:
    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append({**scope, "received": await receive()})
        await send(message)
        await send({"type": "http.response.body", "body": b"x"})

    return shop


async def receive() -> Message:
    return {"type": "http.request"}


def pass_through(
    message: Message, *, type: str = "http", decision: Decision | None = None, **options: Any
) -> tuple[Scope, list[Message]]:
    seen: list[Scope] = []
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    cookies = CookieFilter(COOKIES.get, domains=lambda host: (host,))
    scope: Scope = {"type": type, "scheme": "https", "path": "/a/b", "headers": SENT}
    if decision is not None:
        scope["consent"] = decision
    app = CookieMiddleware(answering(message, seen), cookies=cookies, **options)
    asyncio.run(app(scope, receive, send))
    return seen[0], sent


@pytest.mark.parametrize(
    ("type", "start"),
    [
        ("http", "http.response.start"),
        ("websocket", "websocket.accept"),
        ("websocket", "websocket.http.response.start"),
    ],
)
def test_cookies_are_cut_dropped_and_expired_on_every_kind_of_answer(type: str, start: str) -> None:
    answer: RawHeaders = [(b"set-cookie", b"_ga=1"), (b"set-cookie", b"sessionid=2"), (b"etag", b"1")]
    scope, sent = pass_through({"type": start, "headers": answer}, type=type)
    assert scope["headers"] == [SENT[0], (b"cookie", b"sessionid=1")]
    assert sent[0]["headers"] == [
        (b"set-cookie", b"sessionid=2"),
        (b"etag", b"1"),
        (b"cache-control", b"private"),
        (b"set-cookie", b"_fbp=; Max-Age=0; Path=/; Secure"),
        (b"set-cookie", b"_fbp=; Max-Age=0; Path=/; Domain=www.shop.tw; Secure"),
        (b"set-cookie", b"_ga=; Max-Age=0; Path=/; Secure"),
        (b"set-cookie", b"_ga=; Max-Age=0; Path=/; Domain=www.shop.tw; Secure"),
    ]
    assert sent[1] == {"type": "http.response.body", "body": b"x"}


@pytest.mark.parametrize("status", [200, 204, 301, 302, 304, 404, 500])
@pytest.mark.parametrize("line", [b"_ga=1", b"_fbp=1; Path=/"])
def test_nothing_optional_is_stored_on_any_status(status: int, line: bytes) -> None:
    message = {"type": "http.response.start", "status": status, "headers": [(b"set-cookie", line)]}
    _, sent = pass_through(message)
    lines = [value for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert line not in lines
    assert sent[0]["status"] == status


def test_with_consent_everything_passes_untouched() -> None:
    answer: RawHeaders = [(b"set-cookie", b"_ga=1"), (b"cache-control", b"public")]
    scope, sent = pass_through({"type": "http.response.start", "headers": answer}, decision=GRANTED)
    assert scope["headers"] == SENT
    assert sent[0]["headers"] == answer


def test_a_handshake_accepted_without_headers_is_no_error() -> None:
    _, sent = pass_through({"type": "websocket.accept"}, type="websocket", decision=GRANTED)
    assert sent[0]["headers"] == []


def test_what_happened_is_counted_by_name() -> None:
    counted: list[tuple[str, str]] = []
    message = {"type": "http.response.start", "headers": [(b"set-cookie", b"_ga=1")]}
    pass_through(message, count=lambda what, name: counted.append((what, name)))
    assert sorted(counted) == [
        ("cut", "_fbp"),
        ("cut", "_ga"),
        ("dropped", "_ga"),
        ("expired", "_fbp"),
        ("expired", "_ga"),
    ]


def test_nothing_is_counted_unless_somebody_asks() -> None:
    _, sent = pass_through({"type": "http.response.start", "headers": []})
    assert sent


def test_other_scope_types_pass_untouched() -> None:
    scope, _ = pass_through({"type": "lifespan.startup.complete"}, type="lifespan")
    assert scope["headers"] is SENT
    assert scope["received"] == {"type": "http.request"}
