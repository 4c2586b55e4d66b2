"""DuckDuckGo's privacy reference tests, as far as they are about something the gateway does.

`url-parameters` is with the click ids, `referrer-trimming` with the referrer.

Left out, because a server cannot see or do it: amp-protections and https-upgrades (navigation in the browser),
storage-clearing (a browser's button), privacy-configuration (their remote configuration's format), click-to-load
and the blocklists' actions (their lists' rules and surrogates), cookieAPI and document.referrer (page scripts).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.enforcement.cookies import CookieFilter
from gateway.enforcement.lifetime import clipped, cookie_date
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.signals import Signals
from tests.conformance.reference import REFERENCE, needs_reference

pytestmark = [pytest.mark.corpus, needs_reference]


def sets(folder: str) -> dict[str, list[dict[str, Any]]]:
    found = json.loads((REFERENCE / "privacy-reference-tests" / folder / "tests.json").read_text("utf-8"))
    return {name: group["tests"] for name, group in found.items()}


def test_global_privacy_control(say: Callable[[str], None]) -> None:
    """The header as the browsers of the tests would send it is read as they mean it."""
    passed = 0
    for test in sets("global-privacy-control")["gpcHeader"]:
        headers = [(b"sec-gpc", test.get("expectGPCHeaderValue", "1").encode())] * test["expectGPCHeader"]
        assert Signals.from_headers(headers).gpc is test["expectGPCHeader"], test["name"]
        passed += 1
    say(f"{passed} of 15 global-privacy-control tests passed, 6 are about the browser's script interface")
    assert passed == 9


NOW = 1_800_000_000.0
DAY = 86_400


def test_expire_first_party_cookies(say: Callable[[str], None]) -> None:
    """Their threshold as the rest of a grant: `Max-Age` and `Expires` are cut to it, session cookies stay."""
    passed = elsewhere = 0
    for test in sets("expire-first-party-js-cookies")["expireFirstPartyTrackingCookies"]:
        if "safelisted" in test["name"]:
            elsewhere += 1
            continue
        line = test["setDocumentCookie"]
        after = clipped(line.encode(), DAY, NOW).decode()
        if not test["expectCookieSet"] or test["expectExpiryToBe"] < 0:
            assert after == line, test["name"]
        elif "Max-Age" in line:
            assert f"Max-Age={test['expectExpiryToBe']};" in after, test["name"]
        else:
            assert cookie_date(after.partition("expires=")[2].partition(";")[0].encode()) == NOW + DAY, test["name"]
        passed += 1
    say(f"{passed} of 10 expire-first-party-js-cookies tests passed, {elsewhere} are about exceptions by site")
    assert (passed, elsewhere) == (8, 2)


def marketing(name: str) -> Category:
    return Category.MARKETING


def unknown(name: str) -> None:
    return None


def test_block_third_party_tracking_cookies(say: Callable[[str], None]) -> None:
    """What the tests want of a tracker's request holds for a tracker's cookies here: every line is cut, or none."""
    nothing = Decision(State.UNSET, State.UNSET, State.UNSET)
    passed = 0
    tests = sets("block-third-party-tracking-cookies")
    for test in tests["cookieHeader"] + tests["setCookieHeader"]:
        removed = test.get("expectCookieHeadersRemoved", test.get("expectSetCookieHeadersRemoved"))
        cookies = CookieFilter({True: marketing, False: unknown}[bool(removed)])
        for field, way in (("requestHeaders", cookies.request), ("responseHeaders", cookies.response)):
            lines = [(item["name"].lower().encode(), item["value"].encode()) for item in test.get(field, ())]
            assert way(lines, nothing)[0] == ([] if removed else lines), test["name"]
        passed += 1
    say(f"{passed} of 28 block-third-party-tracking-cookies tests passed, 8 are about document.cookie")
    assert passed == 20
