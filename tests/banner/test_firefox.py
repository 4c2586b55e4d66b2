"""The visitor's ways in a real Firefox, through the whole gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.config.settings import Controller, Policy, ServiceEntry
from gateway.enforcement.texts import texts
from tests.firefox import Firefox, launched
from tests.proxy.servers import serve
from tests.test_app import Shop, settings

pytestmark = pytest.mark.browser
BAR, DIALOG, STATUS = "[data-consent-banner]", "dialog.cg", "[role=status]"
REFUSE, ACCEPT, OPEN = (f"{BAR} [data-consent-action={name}]" for name in ("refuse", "accept", "settings"))
FOOT = "[data-consent-settings]"
STATISTICS = "[data-consent-category=statistics]"
WORDS = texts("en")
PAGE = b"""<!doctype html><html lang="en"><head><title>shop</title>
<meta name="viewport" content="width=device-width"></head><body><main><h1>tea</h1>
<script>window.ga = window.ga || function () {}; ga('create', 'UA-1', 'auto'); document.title = 'measured'</script>
<a href="/next">next</a></main></body></html>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shop = Shop()
    shop.page = PAGE
    named = settings(
        tmp_path_factory.mktemp("gateway"),
        controller=Controller(name="Tea & Co", contact="mail@shop.example"),
        policy=Policy(date="2026-11-01"),
        services=tuple(ServiceEntry(id=name) for name in ("google-analytics", "meta-pixel", "youtube")),
    )
    with serve(create_app(named, shop=shop), lifespan="on") as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with launched(tmp_path_factory.mktemp("firefox")) as firefox:
        yield firefox


@pytest.fixture
def firefox(running: Firefox, address: str) -> Firefox:
    running.forget()
    running.resize(1280, 800)
    running.goto(address)
    running.sees(BAR)
    return running


def granted(firefox: Firefox, expected: list[str]) -> None:
    """Wait for the gateway to say so of this browser."""
    named = "Object.keys(said.categories).filter((name) => said.categories[name] === 'granted').join()"
    state = "fetch('/_choices/state').then((answer) => answer.json())"
    firefox.until(f"{state}.then((said) => {named} === '{','.join(expected)}')", promise=True)


def checked(firefox: Firefox, expected: list[str]) -> None:
    """Wait for the whole page with these boxes checked and no others."""
    boxes = "[...document.querySelectorAll(':checked')].map((box) => box.dataset.consentCategory)"
    firefox.until(f"document.readyState === 'complete' && {boxes}.join() === '{','.join(expected)}'")


ALL = ["preferences", "statistics", "marketing"]


def test_without_a_choice_nothing_is_granted_and_both_buttons_are_in_view(firefox: Firefox, address: str) -> None:
    granted(firefox, [])
    assert firefox.cookies() == []
    assert firefox.evaluate("document.activeElement === document.body")
    assert firefox.evaluate("document.title") == "shop"
    look = "(n) => JSON.stringify([...getComputedStyle(n)].map((name) => [name, getComputedStyle(n)[name]]))"
    for width, height in ((320, 568), (360, 640), (768, 900), (1280, 800)):
        firefox.resize(width, height)
        both = f"[...document.querySelectorAll({json.dumps(f'{REFUSE},{ACCEPT}')})]"
        boxes = firefox.evaluate(f"{both}.map((n) => n.getBoundingClientRect().toJSON())")
        assert len(boxes) == 2
        for name in ("top", "width", "height"):
            assert boxes[0][name] == pytest.approx(boxes[1][name], abs=1)
        assert all(box["top"] >= 0 and box["bottom"] <= height and box["right"] <= width for box in boxes)
        assert firefox.evaluate(f"document.documentElement.scrollWidth <= {width}")
        looks = [dict(json.loads(each)) for each in firefox.evaluate(f"{both}.map({look})")]
        sized = ("inline-size", "width", "perspective-origin", "transform-origin")
        for each in looks:
            for name in sized:
                each.pop(name)
        assert looks[0] == looks[1]


def test_escape_and_a_click_outside_choose_nothing(firefox: Firefox) -> None:
    firefox.press("\ue00c")
    firefox.click("h1")
    firefox.sees(BAR)
    assert firefox.cookies() == []


@pytest.mark.parametrize(("button", "expected"), [(REFUSE, []), (ACCEPT, ALL)], ids=["refuse", "accept"])
def test_one_click_is_a_choice_and_ends_the_question(
    firefox: Firefox, address: str, button: str, expected: list[str]
) -> None:
    firefox.click(button)
    firefox.until(f"document.activeElement.matches('{STATUS}')")
    firefox.says(STATUS, WORDS["saved"])
    firefox.misses(BAR)
    granted(firefox, expected)
    assert firefox.cookies() == ["consent"]
    firefox.goto(f"{address}/next")
    firefox.misses(BAR)
    firefox.sees(FOOT)
    assert firefox.evaluate("document.title") == ("measured" if expected else "shop")


def test_one_category_is_saved_in_the_dialog_and_withdrawn_again(firefox: Firefox) -> None:
    firefox.click(OPEN)
    firefox.sees(DIALOG)
    assert firefox.evaluate(f"document.querySelectorAll('{DIALOG} :checked').length") == 0
    firefox.click(f"{DIALOG} {STATISTICS}")
    firefox.click(f"{DIALOG} [data-consent-action=save]")
    firefox.misses(f"{DIALOG}, {BAR}")
    firefox.sees(STATUS)
    granted(firefox, ["statistics"])
    firefox.click(FOOT)
    firefox.sees(DIALOG)
    assert firefox.evaluate(f"document.querySelector('{DIALOG} {STATISTICS}').checked")
    firefox.click(f"{DIALOG} [data-consent-action=withdraw]")
    firefox.says(STATUS, WORDS["withdrawn"])
    checked(firefox, [])


def test_the_back_button_shows_no_page_from_before_the_choice(firefox: Firefox, address: str) -> None:
    firefox.click(ACCEPT)
    firefox.misses(BAR)
    firefox.goto(f"{address}/tea")
    assert firefox.evaluate("document.title") == "measured"
    firefox.goto(f"{address}/_choices/")
    firefox.click("[data-consent-action=withdraw]")
    firefox.sees(STATUS)
    firefox.back(2)
    firefox.until("location.pathname === '/tea' && document.title === 'shop' && document.readyState === 'complete'")
    granted(firefox, [])


def test_without_scripts_forms_do_the_same(tmp_path: Path, address: str) -> None:
    with launched(tmp_path, {"javascript.enabled": False}) as firefox:
        for button, action in ((REFUSE, "refuse"), (ACCEPT, "accept")):
            firefox.forget()
            firefox.goto(f"{address}/tea")
            firefox.click(button)
            firefox.until("location.pathname === '/tea' && !document.querySelector('[data-consent-banner]')")
            firefox.click(FOOT)
            firefox.sees(STATISTICS)
            checked(firefox, ALL if action == "accept" else [])
        firefox.click("[data-consent-action=withdraw]")
        firefox.sees(STATUS)
        checked(firefox, [])


def test_its_privacy_signal_is_an_answer(tmp_path: Path, address: str) -> None:
    with launched(tmp_path, {"privacy.globalprivacycontrol.enabled": True}) as firefox:
        firefox.goto(address)
        firefox.sees("[data-consent-chip=gpc]")
        firefox.misses(BAR)
        granted(firefox, [])
        assert firefox.cookies() == []
        firefox.click("[data-consent-chip] summary")
        firefox.says("[data-consent-chip]", WORDS["gpc"])
