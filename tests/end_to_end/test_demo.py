"""The demo as a visitor meets it: a real Chromium, the whole gateway, the trackers played on this machine."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.app import create_app
from gateway.demo.record import Record
from gateway.demo.servers import listen, serve_all
from gateway.demo.town import Town
from gateway.demo.trackers import TRACKERS
from tests.chromium import launched, needs_chromium, until

pytestmark = [pytest.mark.browser, needs_chromium]

ON_EVERY_PAGE = {tracker.id for tracker in TRACKERS} - {"google-maps"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("demo")
    town = Town(listen(0), folder, lambda settings, shop: create_app(settings, shop=shop))
    running: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def serve() -> None:
        stop = asyncio.Event()
        running.put((asyncio.get_running_loop(), stop))
        assert await serve_all(town.apps, stop)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop, stop = running.get(timeout=60)
    yield town
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, town: Town) -> Iterator[Page]:
    context = browser.new_context(locale="zh-TW")
    page = context.new_page()
    town.guarded.record.clear()
    town.bare.record.clear()
    yield page
    context.close()


def reached(record: Record) -> set[str]:
    return {tracker for tracker, number in record.counts.items() if number}


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


def refuse(page: Page) -> None:
    page.click('[data-consent-action="refuse"]')
    expect(page.locator("[data-consent-banner]")).to_be_hidden()


def press(page: Page, button: str) -> None:
    """Send the form of a button; returns on the page that comes of it."""
    with page.expect_navigation():
        page.click(button)


def wait_until_reached(page: Page, record: Record, wanted: set[str]) -> None:
    until(page, lambda: wanted <= reached(record))
    assert reached(record) == wanted


def wait_until_quiet(page: Page, record: Record) -> None:
    """What pages sent when they were left has come."""
    before = -1
    while before != record.counts.total():
        before = record.counts.total()
        page.wait_for_timeout(1000)


def to_the_film(page: Page) -> None:
    page.locator(".film").scroll_into_view_if_needed()


def browse(page: Page, town: Town) -> None:
    for path in ("", "c/ware/", "p/side-teapot/", "story/", "stores/"):
        page.goto(town.shop_url + path)
        page.mouse.wheel(0, 4000)
        settle(page)


def cookies_the_shop_saw(town: Town) -> set[str]:
    return {name for sight in town.guarded.record.shop for name in sight.cookies}


def test_without_the_gateway_everybody_watches(page: Page, town: Town) -> None:
    page.goto(town.bare_url)
    to_the_film(page)
    wait_until_reached(page, town.bare.record, ON_EVERY_PAGE)
    page.goto(town.bare_url + "stores/")
    wait_until_reached(page, town.bare.record, ON_EVERY_PAGE | {"google-maps"})
    assert town.guarded.record.counts.total() == 0


def test_before_any_choice_nothing_reaches_anybody(page: Page, town: Town) -> None:
    browse(page, town)
    expect(page.locator("[data-consent-banner]")).to_be_visible()
    assert reached(town.guarded.record) == set()
    assert cookies_the_shop_saw(town) == {"sessionid", "csrftoken"}


def test_after_a_refusal_nothing_reaches_anybody(page: Page, town: Town) -> None:
    page.goto(town.shop_url)
    refuse(page)
    browse(page, town)
    expect(page.locator("[data-consent-banner]")).to_have_count(0)
    assert reached(town.guarded.record) == set()
    assert cookies_the_shop_saw(town) == {"sessionid", "csrftoken"}


def test_accepting_wakes_everybody_and_withdrawing_ends_it(page: Page, town: Town) -> None:
    record = town.guarded.record
    page.goto(town.shop_url)
    settle(page)
    # The page's own policy cannot be loosened afterwards: it is built anew.
    press(page, '[data-consent-action="accept"]')
    to_the_film(page)
    wait_until_reached(page, record, ON_EVERY_PAGE)
    # A tracker that was reached may still be about to write its cookie.
    page.wait_for_function("['_ga=', '_fbp=', '_ttp='].every((name) => document.cookie.includes(name))")
    page.goto(town.shop_url + "stores/")
    wait_until_reached(page, record, ON_EVERY_PAGE | {"google-maps"})
    assert {"_ga", "_fbp", "_ttp"} <= cookies_the_shop_saw(town)
    assert "marketing=1" in record.shop[-1].consent

    page.goto(town.shop_url + "_choices/")
    press(page, '[data-consent-action="withdraw"]')
    wait_until_quiet(page, record)
    record.clear()
    browse(page, town)
    assert reached(record) == set()
    assert cookies_the_shop_saw(town) == {"sessionid", "csrftoken"}
    assert "marketing=0" in record.shop[-1].consent


def test_a_visitor_who_refused_everything_can_buy(page: Page, town: Town) -> None:
    page.goto(town.shop_url)
    refuse(page)
    page.goto(town.shop_url + "p/side-teapot/")
    press(page, "form .button")
    page.goto(town.shop_url + "account/")
    page.fill("[name=email]", "lin@example.com")
    press(page, ".form .button")
    page.goto(town.shop_url + "checkout/")
    page.fill("[name=recipient]", "林")
    page.fill("[name=address]", "台北")
    press(page, ".form .button")
    press(page, ".form .button")
    expect(page.locator("h1")).to_have_text("謝謝您。")
    assert reached(town.guarded.record) == set()


def test_the_live_page_follows(page: Page, town: Town) -> None:
    page.goto(town.live_url)
    town.guarded.record.hit(TRACKERS[3], "GET /tr", ["fbp=1"])
    cell = page.locator('[data-tracker="meta-pixel"] [data-side="guarded"]')
    expect(cell).to_contain_text("fbp=1")
    expect(page.locator("#guarded-total")).to_have_text("1")
    page.click("text=歸零")
    expect(page.locator("#guarded-total")).to_have_text("0")
