"""Trackers served from the shop's own host."""

from __future__ import annotations

from collections import Counter

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from gateway.middleware.disguise import DisguiseMiddleware
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.service import Service
from gateway.types import Receive, Scope, Send

MATOMO = Service("matomo", "Matomo", Category.STATISTICS, urls=("/matomo.js",))


@pytest.mark.parametrize(
    ("state", "path", "reached"),
    [
        (State.UNSET, "/matomo.js", False),
        (State.REFUSED, "/stats/matomo.js", False),
        (State.GRANTED, "/matomo.js", True),
        (State.REFUSED, "/shop.js", True),
    ],
)
def test_a_disguised_tracker_reaches_the_shop_only_when_granted(state: State, path: str, reached: bool) -> None:
    seen = []
    counts: Counter[tuple[str, str, str]] = Counter()

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(Request(scope).url.path)
        await PlainTextResponse("shop")(scope, receive, send)

    enforced = DisguiseMiddleware(shop, catalogue=Catalogue([MATOMO]), count=lambda *what: counts.update([what]))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["consent"] = Decision(State.UNSET, state, State.UNSET)
        await enforced(scope, receive, send)

    answer = TestClient(app).get(path)
    assert bool(seen) is reached
    assert answer.status_code == (200 if reached else 204)
    assert counts[("request", "matomo", "remove")] == (not reached)
