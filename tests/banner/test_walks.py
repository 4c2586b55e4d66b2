"""Visitors with a keyboard, in a shop that changes its pages by script, behind a content blocker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.enforcement.embed import Embed
from gateway.model.categories import Category, State
from tests.banner.shop import BANNER, Shop

pytestmark = pytest.mark.browser
Serve = Callable[[Shop], str]

LISTS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "oracles"
BAR, DIALOG, STATUS = "[data-consent-banner]", "dialog.cg", "[role=status]"
FOCUSED = "document.activeElement"


def tab_to(page: Page, selector: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(f"{FOCUSED}.matches({json.dumps(selector)})"):
            return
    raise AssertionError(f"the keyboard never came to {selector}")


@pytest.mark.parametrize("action", ["refuse", "accept"])
@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_keyboard_alone_answers_the_question(context: BrowserContext, serve: Serve, action: str, key: str) -> None:
    shop = Shop('<a href="/x">shop</a>')
    page = context.new_page()
    page.goto(serve(shop))
    expect(page.locator(BAR)).to_be_visible()
    tab_to(page, f"{BAR} [data-consent-action={action}]")
    assert page.evaluate(f"getComputedStyle({FOCUSED}).outlineStyle") == "solid"
    page.keyboard.press(key)
    expect(page.locator(STATUS)).to_be_focused()
    expect(page.locator(BAR)).to_have_count(0)
    assert [post["action"] for post in shop.posts] == [action]


def test_a_keyboard_alone_saves_one_category_and_takes_it_back(context: BrowserContext, serve: Serve) -> None:
    shop = Shop('<a href="/x">shop</a>')
    page = context.new_page()
    page.goto(serve(shop) + "/?lang=en")
    expect(page.locator(BAR)).to_be_visible()
    tab_to(page, f"{BAR} [data-consent-action=settings]")
    page.keyboard.press("Enter")
    expect(page.locator(f"{DIALOG} h1")).to_be_visible()
    tab_to(page, f"{DIALOG} [data-consent-category=statistics]")
    page.keyboard.press("Space")
    tab_to(page, f"{DIALOG} [data-consent-action=save]")
    page.keyboard.press("Enter")
    expect(page.locator(STATUS)).to_be_focused()
    page.wait_for_function("consentGateway.get().statistics === 'granted'")
    tab_to(page, "[data-consent-settings]")
    page.keyboard.press("Enter")
    expect(page.locator(f"{DIALOG} h1")).to_be_visible()
    tab_to(page, f"{DIALOG} [data-consent-action=withdraw]")
    page.keyboard.press("Enter")
    expect(page.locator(STATUS)).to_contain_text("Stopped.")
    assert shop.posts[0]["category"] == ["statistics"]
    assert [cookie["value"] for cookie in context.cookies()] == ["none"]


def test_who_types_already_when_the_banner_comes_goes_on_typing(context: BrowserContext, serve: Serve) -> None:
    page = context.new_page()
    page.goto(serve(Shop('<label>search <input id="search"></label>', slow=2.0)), wait_until="commit")
    page.locator("#search").press_sequentially("green ")
    expect(page.locator(BAR)).to_be_visible()
    assert page.evaluate(f"{FOCUSED}.id") == "search"
    page.keyboard.type("tea")
    assert page.input_value("#search") == "green tea"


def test_a_shop_that_changes_its_page_by_script_keeps_banner_footer_and_dialog(
    context: BrowserContext, serve: Serve
) -> None:
    shop = Shop('<main><a href="/tea" id="tea">tea</a></main>')
    page = context.new_page()
    page.goto(serve(shop) + "/?lang=en")
    page.evaluate(
        """() => {
          window.same = 1;
          document.querySelector('#tea').addEventListener('click', (event) => {
            event.preventDefault();
            history.pushState({ page: 'tea' }, '', '/tea?lang=en');
            document.querySelector('main').innerHTML =
              '<h1>tea</h1><button data-consent-settings id="privacy">privacy</button>' +
              '<script type="text/plain" data-consent-category="statistics" data-consent-service="s">' +
              'window.woken = 1<' + '/script>';
          });
        }"""
    )
    page.click("#tea")
    expect(page.locator(BAR)).to_be_visible()
    page.click("#privacy")
    expect(page.locator(f"{DIALOG} h1")).to_be_visible()
    here = re.compile(re.escape(quote("/tea?lang=en", "")))
    expect(page.locator(f'{DIALOG} form [name="return"]').first).to_have_value(here)
    page.keyboard.press("Escape")
    page.click(f"{BAR} [data-consent-action=accept]")
    page.wait_for_function("window.woken")
    assert page.evaluate("[window.same, history.state.page]") == [1, "tea"]
    page.go_back()
    assert page.evaluate("[window.same, consentGateway.get().marketing]") == [1, "granted"]
    expect(page.locator(BAR)).to_have_count(0)
    expect(page.locator(".cg-foot")).to_be_visible()


def test_a_shop_that_replaces_its_whole_body_keeps_the_settings(context: BrowserContext, serve: Serve) -> None:
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    whole = {"app.js": "document.body.innerHTML = '<h1>app</h1>'"}
    page.goto(serve(Shop('<script src="/file/app.js" defer></script>', whole)))
    page.wait_for_function("window.consentGateway")
    expect(page.locator("h1")).to_have_text("app")
    page.evaluate("consentGateway.open()")
    expect(page.locator(f"{DIALOG} h1")).to_be_visible()
    assert errors == []


def test_a_click_beside_the_banner_is_the_shops_and_no_choice(context: BrowserContext, serve: Serve) -> None:
    shop = Shop('<button id="buy">buy</button>')
    page = context.new_page()
    page.goto(serve(shop))
    page.evaluate("document.querySelector('#buy').onclick = () => { window.bought = 1 }")
    expect(page.locator(BAR)).to_be_visible()
    page.click("#buy")
    page.mouse.click(5, 300)
    assert page.evaluate("window.bought") == 1
    expect(page.locator(BAR)).to_be_visible()
    assert (shop.posts, context.cookies()) == ([], [])


def _touched(page: Page, selectors: list[str]) -> list[str]:
    """Those of the selectors that a blocker would hide something of ours with."""
    found: list[str] = page.evaluate(
        """(selectors) => {
          const ours = [...document.querySelectorAll('.cg, .cg *, .cg-edge, .cg-page, .cg-page *')];
          return selectors.filter((selector) => {
            try { return ours.some((node) => node.matches(selector)) } catch { return false }
          });
        }""",
        selectors,
    )
    return found


FRAME = b'<iframe width="300" height="200" data-consent-src="https://v.example/1" inert></iframe>'
FILM = Embed("video", "YouTube", "Google", Category.PREFERENCES, FRAME, "https://v.example/1", "Tea harvest")
CHAT = FILM._replace(element=b"", service="chat", name="Chat")


@pytest.mark.corpus
@pytest.mark.skipif(not LISTS.is_dir(), reason=f"no filter lists: {LISTS} is missing")
def test_a_content_blocker_hides_nothing_of_ours(chromium: Browser, serve: Serve) -> None:
    lines = (LISTS / "easylist.txt").read_text("utf-8").splitlines()
    selectors = [line.removeprefix("##") for line in lines if line.startswith("##")]
    assert len(selectors) > 1000
    embeds = (BANNER.placeholder("en", FILM) + BANNER.buttons("en", [CHAT], first=False)).decode()
    shop = Shop(embeds)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(serve(shop) + "/?lang=en")
    assert _touched(page, selectors) == []
    known = next(selector for selector in selectors if re.fullmatch(r"\.[a-z-]+", selector))
    page.evaluate("(name) => document.querySelector('.cg-foot').classList.toggle(name)", known[1:])
    assert _touched(page, selectors) == [known]
    page.evaluate("(name) => document.querySelector('.cg-foot').classList.toggle(name)", known[1:])
    page.click(f"{BAR} [data-consent-action=settings]")
    expect(page.locator(f"{DIALOG} h1")).to_be_visible()
    assert _touched(page, selectors) == []
    shop.decide = lambda decision: replace(decision, ask=False, chip="gpc", marketing=State.REFUSED)
    for path in ("/", "/_choices/", "/_choices/notice", "/_choices/do-not-sell"):
        page.goto(urljoin(page.url, path))
        assert _touched(page, selectors) == [], path
    context.close()
