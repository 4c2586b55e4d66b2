"""Trackers served from the shop's own host."""

from __future__ import annotations

from collections import Counter

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.testclient import TestClient

from gateway.middleware.disguise import DisguiseMiddleware
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, Fate, State
from gateway.model.decision import Decision
from gateway.model.service import Service
from gateway.types import Receive, Scope, Send
from tests.enforcement.trackers import policy

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

    enforced = DisguiseMiddleware(
        shop,
        catalogue=Catalogue([MATOMO]),
        policy_for=lambda scope, decision: policy(Fate.KEEP),
        count=lambda *what: counts.update([what]),
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["consent"] = Decision(State.UNSET, state, State.UNSET)
        await enforced(scope, receive, send)

    answer = TestClient(app).get(path)
    assert bool(seen) is reached
    assert answer.status_code == (200 if reached else 204)
    assert counts[("request", "matomo", "remove")] == (not reached)


TRACKER = "https://counter.test/i"


@pytest.mark.parametrize(
    ("request_headers", "aim", "passes"),
    [
        ({"Sec-Fetch-Dest": "image"}, TRACKER, False),
        ({"Sec-Fetch-Dest": "script"}, TRACKER, False),
        ({"Sec-Fetch-Dest": "iframe"}, TRACKER, False),
        ({"Sec-Fetch-Dest": "empty"}, TRACKER, False),
        ({"Sec-Fetch-Dest": "video"}, "//counter.test/v", False),
        ({"Sec-Fetch-Dest": "document"}, TRACKER, True),
        ({"Sec-Fetch-Dest": "image"}, "/own", True),
        ({"Sec-Fetch-Dest": "image"}, "https://cloud.test/i", True),
        ({"Accept": "image/avif,*/*"}, TRACKER, False),
        ({"Accept": "text/html,*/*"}, TRACKER, True),
    ],
)
def test_only_the_visitor_is_sent_on_to_a_tracker(request_headers: dict[str, str], aim: str, passes: bool) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    enforced = DisguiseMiddleware(
        RedirectResponse(aim),
        catalogue=Catalogue([]),
        policy_for=lambda scope, decision: policy(Fate.REMOVE),
        count=lambda *what: counts.update([what]),
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["consent"] = Decision(State.REFUSED, State.REFUSED, State.REFUSED)
        await enforced(scope, receive, send)

    answer = TestClient(app).get("/p", headers={"Accept": "*/*", **request_headers}, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == ((307, aim) if passes else (204, None))
    assert counts[("redirect", "counter", "remove")] == (not passes)


@pytest.mark.parametrize(("running", "status"), [(True, 200), (False, 204)])
def test_an_exempt_measurement_on_the_shops_host_reaches_the_shop_while_it_runs(running: bool, status: int) -> None:
    counter = Service("own", "Own", Category.STATISTICS, urls=("/own.js",), exempt=True)
    enforced = DisguiseMiddleware(
        PlainTextResponse("shop"),
        catalogue=Catalogue([counter]),
        policy_for=lambda scope, decision: policy(Fate.KEEP),
        count=lambda *what: None,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["consent"] = Decision(State.UNSET, State.UNSET, State.UNSET, exempt=running)
        await enforced(scope, receive, send)

    assert TestClient(app).get("/own.js").status_code == status
