"""A withdrawal reaches the pages a browser already has: the back button, revalidation, other tabs (R-52, R-145)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route

from gateway.app import create_app
from gateway.config.keys import Secret
from gateway.config.settings import Settings
from gateway.types import Receive, Scope, Send
from tests.chromium import PATIENCE, launched, needs_chromium, until
from tests.proxy.servers import serve as running

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
]

PAGE = b"""<!doctype html><html lang="en"><head><title>t</title></head><body><h1>Tea</h1><a href="/next">next</a>
<img src="https://www.facebook.com/tr?id=1&ev=PageView" width="1" height="1"></body></html>"""
TRACKER = 'img[src*="facebook.com/tr"]'


class Shop:
    """A page that says when it changed, and answers 304 to whoever has it; what it was asked."""

    def __init__(self) -> None:
        self.validators: list[bytes] = []
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = [name for name, _ in scope["headers"] if name in (b"if-none-match", b"if-modified-since")]
        self.validators += given
        self.paths.append(scope["path"])
        headers = [
            (b"content-type", b"text/html"),
            (b"etag", b'"1"'),
            (b"last-modified", b"Sat, 01 Aug 2026 10:00:00 GMT"),
            (b"cache-control", b"max-age=3600"),
            (b"expires", b"Tue, 01 Jan 2030 10:00:00 GMT"),
        ]
        await send({"type": "http.response.start", "status": 304 if given else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if given else PAGE})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def address(tmp_path: Path, shop: Shop) -> Iterator[str]:
    database = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    settings = Settings(folder=tmp_path, database=database, keys=(Secret(b"k" * 32),))
    with running(create_app(settings, shop=shop), lifespan="on") as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def keeping() -> Iterator[Browser]:
    """A Chromium as visitors have it: with the back/forward cache, which Playwright switches off."""
    with launched("--enable-features=BackForwardCache", without=["--disable-back-forward-cache"]) as browser:
        yield browser


class Reached:
    """How often the tracker was reached, from any page of a context."""

    def __init__(self, context: BrowserContext) -> None:
        self.number = 0
        context.route(re.compile(r"^https://"), self._answer)

    def _answer(self, route: Route) -> None:
        self.number += 1
        route.fulfill(body="", content_type="image/gif")


def choose(page: Page, address: str, action: str) -> None:
    page.goto(f"{address}/_choices/")
    with page.expect_navigation():
        page.click(f'[data-consent-action="{action}"]')


def back_to_the_tea(page: Page, steps: int) -> None:
    """Playwright's own `go_back` waits for a load event, which a page restored from the cache never has."""
    page.evaluate(f"history.go(-{steps})")
    page.wait_for_url("**/tea", wait_until="commit")
    # Playwright's own waiting needs frames drawn for scripts, which a page without scripts does not get.
    until(page, lambda: _is_complete(page))


def _is_complete(page: Page) -> bool:
    try:
        return bool(page.evaluate("document.readyState") == "complete")
    except Error:  # a kept page that is asked for anew is gone in the middle of the question
        return False


def is_tagged(page: Page) -> bool:
    return page.locator(TRACKER).count() > 0


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def context(keeping: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = keeping.new_context(java_script_enabled=request.param)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def test_the_back_button_shows_no_page_from_before_the_withdrawal(context: BrowserContext, address: str) -> None:
    reached, page = Reached(context), context.new_page()
    choose(page, address, "accept")
    page.goto(f"{address}/tea")
    assert is_tagged(page)
    assert reached.number == 1
    choose(page, address, "withdraw")
    back_to_the_tea(page, 2)
    assert not is_tagged(page)
    assert reached.number == 1


def test_a_page_asked_for_again_is_clean_whatever_validators_the_shop_gave(
    context: BrowserContext, address: str, shop: Shop
) -> None:
    reached, page = Reached(context), context.new_page()
    choose(page, address, "accept")
    page.goto(f"{address}/tea")
    choose(page, address, "withdraw")
    page.goto(f"{address}/tea")
    assert not is_tagged(page)
    page.reload()
    assert not is_tagged(page)
    assert reached.number == 1
    assert shop.validators == []


def test_another_tab_is_clean_from_its_next_request(context: BrowserContext, address: str) -> None:
    reached, first, second = Reached(context), context.new_page(), context.new_page()
    choose(first, address, "accept")
    second.goto(f"{address}/tea")
    assert is_tagged(second)
    choose(first, address, "withdraw")
    second.click("a")
    second.wait_for_url("**/next")
    assert not is_tagged(second)
    assert reached.number == 1


def test_this_browser_keeps_pages_for_the_back_button(keeping: Browser, address: str) -> None:
    """A page where nothing is granted may be kept; otherwise the tests above could not fail."""
    context = keeping.new_context()
    page = context.new_page()
    page.add_init_script("addEventListener('pageshow', (event) => { window.kept = event.persisted })")
    page.goto(f"{address}/tea")
    page.goto(f"{address}/_choices/notice")
    back_to_the_tea(page, 1)
    page.wait_for_function("window.kept")
    context.close()


def test_a_kept_page_notices_a_choice_made_since(keeping: Browser, address: str) -> None:
    """The page from before a choice is asked for anew once the state it was built with is no longer true."""
    context = keeping.new_context()
    reached, page, other = Reached(context), context.new_page(), context.new_page()
    page.goto(f"{address}/tea")
    page.goto(f"{address}/_choices/notice")
    choose(other, address, "refuse")
    back_to_the_tea(page, 1)
    page.wait_for_function("window.consentGateway && consentGateway.get().marketing === 'refused'")
    assert reached.number == 0
    context.close()
