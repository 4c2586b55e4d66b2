from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.enforcement.policy_headers import HeaderPolicy
from gateway.middleware.policy_headers import PolicyHeadersMiddleware

POLICY = HeaderPolicy(lambda url, kind: "tracker.test" not in url)


def answered(policy: HeaderPolicy | None, *messages: Any, kind: str = "http") -> list[Any]:
    sent: list[Any] = []

    async def shop(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async def receive() -> Any: ...

    async def send(message: Any) -> None:
        sent.append(message)

    app = PolicyHeadersMiddleware(shop, policy_for=lambda scope: policy)
    asyncio.run(app({"type": kind}, receive, send))
    return sent


def start(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


def test_a_page_gets_the_policy_of_a_page() -> None:
    (message,) = answered(POLICY, start((b"content-type", b"text/html")))
    assert (b"cache-control", b"private, no-cache") in message["headers"]


def test_another_answer_loses_only_its_side_doors() -> None:
    png = (b"content-type", b"image/png")
    (message,) = answered(POLICY, start(png, (b"nel", b"{}")))
    assert message["headers"] == [png]


def test_early_hints_are_judged() -> None:
    hint = {
        "type": "http.response.early_hint",
        "links": [b"<//tracker.test>; rel=preconnect", b"</a>; rel=preload"],
    }
    (message,) = answered(POLICY, hint)
    assert message["links"] == [b"</a>; rel=preload"]


def test_bodies_pass() -> None:
    body = {"type": "http.response.body", "body": b"x"}
    assert answered(POLICY, body)[0] is body


@pytest.mark.parametrize(("policy", "kind"), [(None, "http"), (POLICY, "websocket")])
def test_without_a_policy_nothing_changes(policy: HeaderPolicy | None, kind: str) -> None:
    message = start((b"nel", b"{}"))
    assert answered(policy, message, kind=kind)[0] is message
