"""DuckDuckGo's privacy reference tests, as far as they are about something the gateway does.

Left out, because a server cannot see or do it: amp-protections and https-upgrades (navigation in the browser),
storage-clearing (a browser's button), privacy-configuration (their remote configuration's format), click-to-load
and the blocklists' actions (their lists' rules and surrogates), cookieAPI and document.referrer (page scripts).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.enforcement.click_ids import ClickIds
from gateway.enforcement.cookies import CookieFilter
from gateway.enforcement.lifetime import clipped, cookie_date
from gateway.enforcement.policy_headers import HeaderPolicy
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.signals import Signals
from tests.conformance.reference import REFERENCE, needs_reference

pytestmark = [pytest.mark.corpus, needs_reference]


def sets(folder: str) -> dict[str, list[dict[str, Any]]]:
    found = json.loads((REFERENCE / "privacy-reference-tests" / folder / "tests.json").read_text("utf-8"))
    return {name: group["tests"] for name, group in found.items()}


def settings(folder: str, feature: str) -> dict[str, Any]:
    path = REFERENCE / "privacy-reference-tests" / folder / "config_reference.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["features"][feature]
    return found


def test_url_parameters() -> None:
    """All but the exceptions by site, which the gateway has not: the shop is one site, `click_ids` its list."""
    found = settings("url-parameters", "trackingParameters")
    ids = ClickIds(found["settings"]["parameters"])
    passed = elsewhere = 0
    for test in sets("url-parameters")["trackingParameters"]:
        if any("allowlisted.com" in test.get(name, "") for name in ("testURL", "initiatorURL")):
            elsewhere += 1
            continue
        assert ids.url(test["testURL"].encode()).rest.decode() == test["expectURL"], test["name"]
        passed += 1
    print(f"\n{passed} of 20 url-parameters tests passed, {elsewhere} are about exceptions by site")
    assert (passed, elsewhere) == (16, 4)


def test_global_privacy_control() -> None:
    """The header as the browsers of the tests would send it is read as they mean it."""
    passed = 0
    for test in sets("global-privacy-control")["gpcHeader"]:
        headers = [(b"sec-gpc", test.get("expectGPCHeaderValue", "1").encode())] * test["expectGPCHeader"]
        assert Signals.from_headers(headers).gpc is test["expectGPCHeader"], test["name"]
        passed += 1
    print(f"\n{passed} of 15 global-privacy-control tests passed, 6 are about the browser's script interface")
    assert passed == 9


def test_referrer_trimming() -> None:
    """To other sites at most the origin goes, to the shop itself all of it; without marketing not even the origin.

    The gateway decides by host, not by the tests' entities (two companies' sites are two), and has no
    exceptions by site. What a browser sends under the policy is computed as Referrer Policy 8.3 says.
    """
    passed = elsewhere = 0
    tests = sets("referrer-trimming")
    for test in tests["refererHeaderNavigation"] + tests["refererHeaderSubrequests"]:
        site = test.get("navigatingFromURL") or test["siteURL"]
        target = test.get("navigatingToURL") or test["requestURL"]
        if "entity" in test["name"] or "safelisted" in test["name"]:
            elsewhere += 1
            continue
        policies = [
            dict(HeaderPolicy(lambda url, kind: True, marketing=marketing).page([]))[b"referrer-policy"]
            for marketing in (True, False)
        ]
        assert policies == [b"strict-origin-when-cross-origin", b"same-origin"]
        same = urlsplit(site)[:2] == urlsplit(target)[:2]
        origin = "{}://{}/".format(*urlsplit(test["referrerValue"])[:2])
        sent = test["referrerValue"] if same else origin
        assert sent == test["expectReferrerHeaderValue"], test["name"]
        passed += 1
    print(f"\n{passed} of 23 referrer header tests passed, {elsewhere} are about entities and exceptions")
    assert (passed, elsewhere) == (11, 12)


NOW = 1_800_000_000.0
DAY = 86_400


def test_expire_first_party_cookies() -> None:
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
    print(f"\n{passed} of 10 expire-first-party-js-cookies tests passed, {elsewhere} are about exceptions by site")
    assert (passed, elsewhere) == (8, 2)


def marketing(name: str) -> Category:
    return Category.MARKETING


def unknown(name: str) -> None:
    return None


def test_block_third_party_tracking_cookies() -> None:
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
    print(f"\n{passed} of 28 block-third-party-tracking-cookies tests passed, 8 are about document.cookie")
    assert passed == 20
