"""The signals for Google's tags in a real Chromium: a loader that records what the data layer held before it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.consent_mode import ConsentMode
from gateway.model.categories import State
from gateway.model.choice import make_choice
from gateway.model.decision import Decision
from tests.banner.shop import ASSETS, PREFIX, STRICT, UNSET, Shop

pytestmark = pytest.mark.browser
Serve = Callable[[Shop], str]

MODE = ConsentMode(load_catalogue(), ASSETS["cm.js"].url(PREFIX))
BAR = "[data-consent-banner]"
LOADER = """
  const read = () => dataLayer.map((command) => JSON.parse(JSON.stringify([...command])));
  const known = sessionStorage.getItem('log');
  sessionStorage.setItem('log', JSON.stringify([...JSON.parse(known || '[]'), ['loader', read()]]));
  addEventListener('beforeunload', () => sessionStorage.setItem('left', JSON.stringify(read())));
"""
SIGNALS = "functionality_storage personalization_storage analytics_storage ad_storage ad_user_data ad_personalization"
DENIED = dict.fromkeys(SIGNALS.split(), "denied")
BEFORE = [
    ["consent", "default", {**DENIED, "security_storage": "granted", "wait_for_update": 500}],
    ["set", "ads_data_redaction", True],
]
ALL = dict.fromkeys(DENIED, "granted")


def shop(content: str, decision: Decision | None = None, policy: str = "") -> Shop:
    made = Shop(content, {"loader.js": LOADER}, policy, head=MODE.tag, mode=MODE.later)
    if decision is not None:
        made.decide = lambda _: decision
    return made


def _wait(page: Page, condition: str) -> None:
    """`wait_for_function` evaluates a string again and again, which a strict policy forbids."""
    look = f"const look = () => {condition} ? done() : setTimeout(look, 20); look()"
    page.evaluate(f"new Promise((done) => {{ {look} }})")


def stored(page: Page, name: str) -> object:
    return json.loads(page.evaluate(f"sessionStorage.getItem('{name}')"))


@pytest.mark.parametrize("policy", ["", STRICT])
def test_a_stored_grant_is_told_once_before_the_loader(context: BrowserContext, serve: Serve, policy: str) -> None:
    decision = Decision(State.REFUSED, State.GRANTED, State.REFUSED, ask=False)
    page = context.new_page()
    page.goto(serve(shop('<script src="/file/loader.js"></script>', decision, policy)))
    update = ["consent", "update", {"analytics_storage": "granted"}]
    assert stored(page, "log") == [["loader", [*BEFORE, update]]]
    assert page.evaluate("[typeof window.__tcfapi, document.cookie]") == ["undefined", ""]


@pytest.mark.parametrize("policy", ["", STRICT])
def test_accepting_tells_it_before_the_first_held_tag_wakes(
    context: BrowserContext, serve: Serve, policy: str
) -> None:
    held = (
        '<script type="text/plain" data-consent-category="statistics" data-consent-src="/file/loader.js"></script>'
    )
    page = context.new_page()
    page.goto(serve(shop(held, policy=policy)))
    assert page.evaluate("[typeof window.gtag, typeof window.dataLayer]") == ["undefined", "undefined"]
    page.evaluate("window.same = 1")
    page.click(f'{BAR} [data-consent-action="accept"]')
    _wait(page, "sessionStorage.getItem('log')")
    assert stored(page, "log") == [["loader", [*BEFORE, ["consent", "update", ALL]]]]
    assert page.evaluate("[window.same, dataLayer.length]") == [1, 3]


def test_refusing_brings_no_signals(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.goto(serve(shop("")))
    page.click(f'{BAR} [data-consent-action="refuse"]')
    page.wait_for_selector("[role=status]")
    page.evaluate("fetch('/_choices/state')")
    assert page.evaluate("[typeof window.gtag, document.querySelectorAll('head script').length]") == ["undefined", 0]


def test_a_further_grant_is_one_more_update(context: BrowserContext, serve: Serve) -> None:
    made = shop('<script src="/file/loader.js"></script>')
    made.decide = lambda now: replace(now, statistics=State.GRANTED)
    page = context.new_page()
    page.goto(serve(made))
    page.click(f'{BAR} [data-consent-action="accept"]')
    _wait(page, "dataLayer.length > 3")
    more = {signal: "granted" for signal in DENIED if signal != "analytics_storage"}
    layer = page.evaluate("dataLayer.map((command) => [...command])")
    first = ["consent", "update", {"analytics_storage": "granted"}]
    assert layer == [*BEFORE, first, ["consent", "update", more]]


def test_a_withdrawal_is_told_and_the_page_comes_anew_without_them(context: BrowserContext, serve: Serve) -> None:
    made = shop('<script src="/file/loader.js"></script>')
    choice = replace(UNSET, statistics=State.GRANTED, choice=make_choice(frozenset(), {}, 1, 3, id="x"))
    made.decide = lambda now: choice if now == UNSET else now
    page = context.new_page()
    page.goto(serve(made))
    made.content = "<p>clean</p>"
    with page.expect_event("load"):
        page.click(f'{BAR} [data-consent-action="refuse"]')
    lost = ["consent", "update", {"analytics_storage": "denied"}]
    assert stored(page, "left") == [*BEFORE, ["consent", "update", {"analytics_storage": "granted"}], lost]
    assert page.evaluate("typeof window.gtag") == "undefined"


def test_a_page_that_cannot_have_the_signals_wakes_no_tag(context: BrowserContext, serve: Serve) -> None:
    held = '<script type="text/plain" data-consent-category="statistics">window.woke = 1</script>'
    made = shop(held)
    made.mode = lambda decision: f"{PREFIX}/assets/cm.0.js statistics"
    page = context.new_page()
    page.goto(serve(made))
    made.content = "<p>anew</p>"
    with page.expect_event("load"):
        page.click(f'{BAR} [data-consent-action="accept"]')
    assert page.evaluate("window.woke") is None
