from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.url import Base
from gateway.enforcement.wall import Wall
from gateway.middleware.wall import WallMiddleware
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.service import Service
from gateway.types import RawHeaders, Scope

TRACKER = Service("tracker", "Tracker", Category.MARKETING, hosts=("tracker.test",))
CATALOGUE = Catalogue([TRACKER])
WALL = Wall(CATALOGUE, [TRACKER])
GRANTED = Decision(State.GRANTED, State.GRANTED, State.GRANTED)
UNSET = Decision(State.UNSET, State.UNSET, State.UNSET)
OWN = b"default-src 'none'"


def policy_for(scope: Scope, decision: Decision) -> PagePolicy:
    base = Base(scope["scheme"], "shop.test")
    return PagePolicy(CATALOGUE, InlineMarks([]), decision.fate, base, "shop.test".__eq__, declared=["tracker"])


def answered(
    kind: bytes | None, *, path: str = "/", decision: Decision = GRANTED, destination: bytes = b"", scope: str = "http"
) -> RawHeaders:
    sent: list[Any] = []

    async def shop(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"cache-control", b"public"), (b"content-security-policy", OWN)]
        headers += [(b"content-type", kind)] if kind is not None else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any: ...

    async def send(message: Any) -> None:
        sent.append(message)

    app = WallMiddleware(shop, wall=WALL, policy_for=policy_for, untouched=lambda path: path.startswith("/pay/"))
    request = [(b"sec-fetch-dest", destination)] if destination else []
    visit = {"type": scope, "path": path, "scheme": "https", "headers": request, "consent": decision}
    asyncio.run(app(visit, receive, send))
    assert len(sent) == 2
    return list(sent[0]["headers"])


def policies(headers: RawHeaders) -> list[bytes]:
    return [value for name, value in headers if name == b"content-security-policy"]


@pytest.mark.parametrize("kind", [b"text/html; charset=utf-8", b"Application/XHTML+XML", b"image/png, text/html"])
def test_a_page_gets_the_visitors_policy_beside_the_shops(kind: bytes) -> None:
    theirs, ours = policies(answered(kind))
    assert theirs == OWN
    assert b"tracker.test" in ours
    assert b"tracker.test" not in policies(answered(kind, decision=UNSET))[1]
    assert (b"reporting-endpoints", b'consent="/_choices/csp-report"') in answered(kind)


@pytest.mark.parametrize(
    "kind",
    [
        b"image/svg+xml", b"text/xml", b"application/xml; charset=utf-8", b"application/rss+xml", b"text/javascript",
        b"application/javascript;charset=utf-8", b"Application/X-JavaScript", b"text/ecmascript", b"text/jscript",
        b"text/javascript1.5", b" text/javascript",
    ],
)  # fmt: skip
def test_what_caches_share_gets_the_policy_of_one_who_agreed_to_nothing(kind: bytes) -> None:
    headers = answered(kind)
    assert b"tracker.test" not in policies(headers)[1]
    assert (b"cache-control", b"public") in headers
    assert headers == answered(kind, decision=UNSET)


@pytest.mark.parametrize("destination", [b"worker", b"sharedworker", b"serviceworker"])
def test_a_workers_script_gets_the_visitors_policy_and_is_not_stored(destination: bytes) -> None:
    headers = answered(b"text/javascript", destination=destination)
    assert b"tracker.test" in policies(headers)[1]
    assert [value for name, value in headers if name == b"cache-control"] == [b"private, no-store"]
    assert (b"vary", b"Sec-Fetch-Dest") in headers


@pytest.mark.parametrize("kind", [b"image/png", b"text/css", b"application/json", b"text/plain", b"text/xmlish", None])
def test_other_answers_are_left_as_they_are(kind: bytes | None) -> None:
    assert policies(answered(kind)) == [OWN]


def test_payment_and_sign_in_paths_have_no_wall() -> None:
    assert policies(answered(b"text/html", path="/pay/3ds")) == [OWN]


def test_only_http_is_looked_at() -> None:
    assert policies(answered(b"text/html", scope="websocket")) == [OWN]
