"""The visitor's walk through the pages of the record, in a real browser, with script and without."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.app import create_app
from gateway.config.settings import EvidenceHold
from gateway.enforcement.texts import texts
from gateway.types import ASGIApp, Message, Receive, Scope, Send
from tests.chromium import PATIENCE, launched, needs_chromium, until
from tests.proxy.servers import serve as running
from tests.test_app import Shop, settings

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
]
HOLD = EvidenceHold(reason="case 12", until="2099-12-31")
SIZES = {"narrow": 360, "wide": 1280}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with running(create_app(settings(tmp_path), shop=Shop()), lifespan="on") as port:
        yield f"http://127.0.0.1:{port}"


def at_home(context: BrowserContext) -> None:
    """Nothing outside is asked for anything."""
    context.set_default_timeout(PATIENCE)
    context.route(lambda url: "//127.0.0.1:" not in url, lambda route: route.abort())


def sound(page: Page) -> None:
    """No finding of axe, nothing wider than the window."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize(("language", "locale"), [("zh-TW", "zh-Hant"), ("en-GB", "en")])
def test_accept_look_stop_one_erase_look_again(
    chromium: Browser, address: str, language: str, locale: str, width: int
) -> None:
    words = texts(locale)
    with chromium.new_context(locale=language, viewport={"width": width, "height": 800}) as context:
        at_home(context)
        page = context.new_page()
        page.goto(f"{address}/_choices/me")
        assert words["nothing"] in page.inner_text("main")
        sound(page)
        page.goto(address)
        with page.expect_response("**/_choices/choice"):
            page.click("[data-consent-action=accept]")
        expect(page.locator("[data-consent-banner]")).to_be_hidden()
        page.goto(f"{address}/_choices/")
        page.click(f"main >> text={words['me.title']}")
        page.wait_for_url("**/me**")
        assert page.locator("[data-consent-event=grant]").count() == 1
        page.click("summary >> nth=0")
        sound(page)
        with page.expect_download() as download:
            page.click(f"text={words['me.copy.link']}")
        assert download.value.suggested_filename == "consent.json"
        assert len(json.loads(download.value.path().read_text())["events"]) == 1
        page.click(f"text={words.say('me.stop.one', category=words['category.statistics'])}")
        page.wait_for_url("**/me?done=withdrawn**")
        assert words["me.state.refused"] in page.inner_text("dl >> [data-consent-category=statistics]")
        assert page.locator("[data-consent-event]").count() == 2
        sound(page)
        page.click("details.confirm summary")
        sound(page)
        page.click("[data-consent-action=erase]")
        page.wait_for_url("**/me?done=erasing**")
        assert words["erasing"] in page.inner_text(".message")
        assert page.locator("form").count() == 0
        sound(page)
        page.goto(f"{address}/_choices/me")
        assert words["nothing"] in page.inner_text("main")
        assert not [one for one in context.cookies() if one["value"].startswith("1.g.")]
        page.goto(address)
        assert page.locator("[data-consent-banner]").count() == 0


def test_without_script_and_with_a_hold_everything_works_by_forms(chromium: Browser, tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, evidence_hold=HOLD), shop=Shop())
    browsing = chromium.new_context(locale="en-GB", java_script_enabled=False)
    with running(app, lifespan="on") as port, browsing as context:
        at_home(context)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        with page.expect_navigation():
            page.click("[data-consent-action=accept]")
        page.goto(f"http://127.0.0.1:{port}/_choices/me")
        assert HOLD.reason in page.inner_text("main")
        page.click("details.confirm summary")
        page.click("[data-consent-action=erase]")
        page.wait_for_url("**/me?done=erasing**")
        assert texts("en").say("me.erasing.held", until=HOLD.until) in page.inner_text(".message")
        assert page.locator("form").count() == 0


def test_another_tab_is_clean_from_its_next_request(chromium: Browser, address: str) -> None:
    with chromium.new_context(locale="en-GB") as context:
        at_home(context)
        one, other = context.new_page(), context.new_page()
        one.goto(address)
        with one.expect_response("**/_choices/choice"):
            one.click("[data-consent-action=accept]")
        expect(one.locator("[data-consent-banner]")).to_be_hidden()
        other.goto(address)
        assert other.locator('img[src*="facebook.com/tr"]').count() == 1
        one.goto(f"{address}/_choices/me")
        one.click("details.confirm summary")
        one.click("[data-consent-action=erase]")
        one.wait_for_url("**/me?done=erasing**")
        other.reload()
        assert other.locator('img[src*="facebook.com/tr"]').count() == 0


class Line:
    """A way to `app` on which what was posted is answered only when told to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.posted = 0
        self.answered = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST":
                self.posted += 1
                await asyncio.to_thread(self.answered.wait, 60)
            await send(message)

        await self._app(scope, receive, sent)


@pytest.mark.parametrize(
    ("script", "path", "grants"),
    [(True, "/", 1), (True, "/_choices/", 1), (False, "/", 2), (False, "/_choices/", 2)],
    ids=["banner", "settings", "banner without script", "settings without script"],
)
def test_a_double_click_on_the_first_yes(
    chromium: Browser, tmp_path: Path, script: bool, path: str, grants: int
) -> None:
    """Without script nothing tells the second request from another visitor's: see the README, and R-120."""
    line = Line(create_app(settings(tmp_path), shop=Shop()))
    browsing = chromium.new_context(java_script_enabled=script)
    with running(line, lifespan="on") as port, browsing as context:
        at_home(context)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}{path}")
        button = page.locator("[data-consent-action=accept]")
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box is not None
        for click in range(2):
            page.mouse.click(box["x"] + 5, box["y"] + 5)
            until(page, lambda click=click: line.posted > min(click, grants - 1))  # type: ignore[misc]
        page.wait_for_timeout(300)  # for one more, were there to be one
        line.answered.set()
        until(page, context.cookies)
        page.wait_for_timeout(1000)
        page.goto(f"http://127.0.0.1:{port}/_choices/me")
        assert page.locator("[data-consent-event]").count() == 1
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as chain:
        (found,) = chain.execute("SELECT count(*) FROM chain WHERE kind = 'grant'").fetchone()
    assert found == grants
