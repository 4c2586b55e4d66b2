"""Programs that choose for the visitor find what the documented rules name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.banner.shop import STRICT, Shop
from tests.chromium import until

pytestmark = pytest.mark.browser
Serve = Callable[[Shop], str]

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs" / "choosers"
AUTOCONSENT = ROOT / ".npm" / "node_modules" / "@duckduckgo" / "autoconsent" / "dist" / "autoconsent.playwright.js"
BAR = "[data-consent-banner]"
EXTENSION = """
window.said = [];
window.autoconsentSendMessage = async (message) => {
  said.push(message.type);
  if (message.type === 'init') setTimeout(() => autoconsentReceiveMessage({ type: 'initResp', rules: RULES, config: {
    enabled: true, autoAction: 'ACTION', disabledCmps: [], enablePrehide: false, enableCosmeticRules: false,
    detectRetries: 20, isMainWorld: true, prehideTimeout: 2000, enableFilterList: false, visualTest: false,
    enableHeuristicDetection: false, enableGeneratedRules: false,
    logs: { lifecycle: false, rulesteps: false, detectionsteps: false, evals: false, errors: false, messages: false },
  } }));
};
"""


@pytest.mark.parametrize("lang", ["en", "th"])
@pytest.mark.parametrize(("action", "chosen"), [("optOut", "refuse"), ("optIn", "accept")])
def test_autoconsent_answers_with_our_rule(
    context: BrowserContext, serve: Serve, action: str, chosen: str, lang: str
) -> None:
    if not AUTOCONSENT.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"not installed: {AUTOCONSENT}")
        pytest.skip("npm install --prefix .npm @duckduckgo/autoconsent")
    rules = json.dumps({"autoconsent": [json.loads((RULES / "autoconsent.json").read_text("utf-8"))]})
    shop = Shop(policy=STRICT)
    page = context.new_page()
    page.add_init_script(EXTENSION.replace("RULES", rules).replace("ACTION", action))
    page.add_init_script(AUTOCONSENT.read_text("utf-8"))
    page.goto(serve(shop) + f"/?lang={lang}")
    expect(page.locator(BAR)).to_be_hidden()
    page.wait_for_function("said.includes('autoconsentDone')")
    assert page.evaluate("said.includes('autoconsentError')") is False
    until(page, lambda: shop.posts)
    assert [post["action"] for post in shop.posts] == [chosen]


def test_what_consent_o_matic_is_told_to_click_is_there(context: BrowserContext, serve: Serve) -> None:
    rule = json.loads((RULES / "consent-o-matic.json").read_text("utf-8"))["consent-gateway"]
    actions = {method["name"]: method["action"] for method in rule["methods"]}
    shop = Shop()
    page = context.new_page()
    page.goto(serve(shop))
    (detector,) = rule["detectors"]
    for matcher in (*detector["presentMatcher"], *detector["showingMatcher"]):
        expect(page.locator(matcher["target"]["selector"])).to_have_count(1)
    page.click(actions["OPEN_OPTIONS"]["target"]["selector"])
    for target in _targets(actions["DO_CONSENT"]):
        expect(page.locator(target)).to_be_visible()
    page.click(_targets_of("B", actions["DO_CONSENT"]))
    page.click(actions["SAVE_CONSENT"]["target"]["selector"])
    expect(page.locator(BAR)).to_be_hidden()
    assert [(post["action"], post["category"]) for post in shop.posts] == [("save", ["statistics"])]


def _targets(action: Any) -> Iterator[str]:
    if isinstance(action, dict):
        if "selector" in action:
            yield action["selector"]
        for value in action.values():
            yield from _targets(value)
    elif isinstance(action, list):
        for value in action:
            yield from _targets(value)


def _targets_of(kind: str, action: Any) -> str:
    (consents,) = (step["consents"] for step in action["actions"] if step["type"] == "consent")
    return next(str(each["toggleAction"]["target"]["selector"]) for each in consents if each["type"] == kind)
