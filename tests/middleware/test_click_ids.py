"""What the shop sees of an address with click ids, by method and state."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from gateway.enforcement.click_ids import ClickIds
from gateway.middleware.click_ids import ClickIdMiddleware
from gateway.model.categories import State
from gateway.model.decision import Decision
from gateway.types import Message, RawHeaders, Receive, Scope, Send

U = State.UNSET
DECISIONS = {state: Decision(State.GRANTED, State.GRANTED, state) for state in State}
QUERY = b"gclid=x&id=5&fbclid=y&gclid=z"
HEADERS: RawHeaders = [
    (b"host", b"Shop.test:8080"),
    (b"referer", b"http://shop.test:8080/a?b=%2f&msclkid=1"),
    (b"x", b"?gclid=1"),
]


def passed(counts: Counter[str] | None = None, **options: Any) -> Scope:
    seen: list[Scope] = []

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        raise AssertionError("nobody is redirected")

    report = options.pop("report", False)
    scope = {
        "type": "http", "method": "GET", "path": "/p", "raw_path": b"/%70", "query_string": QUERY,
        "headers": list(HEADERS), "consent": DECISIONS[U], **options,
    }  # fmt: skip
    counts = Counter() if counts is None else counts

    def count(name: str) -> None:
        counts[name] += 1

    app = ClickIdMiddleware(shop, click_ids=ClickIds(), count=count, report=report)
    asyncio.run(app(scope, receive, send))
    return seen[0]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("state", [State.UNSET, State.REFUSED])
def test_the_shop_sees_neither_the_ids_nor_where_they_were(method: str, state: State) -> None:
    counts: Counter[str] = Counter()
    scope = passed(counts, method=method, consent=DECISIONS[state])
    assert scope["query_string"] == b"id=5"
    assert (scope["path"], scope["raw_path"]) == ("/p", b"/%70")
    assert scope["headers"] == [HEADERS[0], (b"referer", b"http://shop.test:8080/a?b=%2f"), HEADERS[2]]
    assert scope["click_ids"] == ("gclid", "fbclid")
    assert counts == {"gclid": 2, "fbclid": 1}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"method": "POST"}, id="POST"),
        pytest.param({"method": "OPTIONS"}, id="OPTIONS"),
        pytest.param({"consent": DECISIONS[State.GRANTED]}, id="marketing granted"),
        pytest.param({"type": "websocket"}, id="WebSocket"),
        pytest.param({"report": True}, id="only reporting"),
    ],
)
def test_the_rest_passes_as_it_came(options: dict[str, Any]) -> None:
    scope = passed(**options)
    assert scope["query_string"] == QUERY
    assert scope["headers"] == HEADERS
    assert "click_ids" not in scope


def test_reporting_counts() -> None:
    counts: Counter[str] = Counter()
    passed(counts, report=True)
    assert counts == {"gclid": 2, "fbclid": 1}


@pytest.mark.parametrize(
    "headers",
    [
        [(b"host", b"shop.test")],
        [(b"host", b"shop.test"), (b"referer", b"https://shop.test/?a=1")],
        [(b"host", b"shop.test"), (b"referer", b"https://other.test/?gclid=1")],
        [(b"referer", b"https://other.test/?gclid=1")],
    ],
    ids=["no referer", "a clean one", "another host's", "no host"],
)
def test_a_clean_request_is_the_same_object(headers: RawHeaders) -> None:
    scope = passed(query_string=b"id=5", headers=headers)
    assert scope["headers"] is headers
    assert "click_ids" not in scope


def test_a_clean_query_does_not_save_the_referer() -> None:
    scope = passed(query_string=b"id=5")
    assert scope["headers"][1] == (b"referer", b"http://shop.test:8080/a?b=%2f")
    assert scope["click_ids"] == ()
