"""What the shop shows never waits for a file of the banner's, however slowly that comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.banner.shop import OWN, STRICT, Shop
from tests.chromium import until

pytestmark = pytest.mark.browser
Serve = Callable[[Shop], str]

BAR = "[data-consent-banner]"
SLOW = 2.0
HERO = '<h1>tea from the mountains, picked by hand and dried in the sun</h1>'
MAKE = f"document.querySelector('main').innerHTML = `{HERO}`"
SHOPS = {
    "in the markup": (f"<main>{HERO}</main>", ""),
    "by a deferred script": ("<main></main>", MAKE),
    "once the page is ready": ("<main></main>", f"addEventListener('DOMContentLoaded', () => {{ {MAKE} }})"),
}
WATCH = """window.seen = { paints: [], shifts: [], tasks: [] };
const watch = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
const name = (node) => !node ? 'gone' : node.closest?.('[class^=cg]') ? 'ours' : node.nodeName;
watch('largest-contentful-paint', (entry) => seen.paints.push([name(entry.element), entry.startTime]));
watch('layout-shift', (entry) => seen.shifts.push([entry.value, entry.sources.map(({ node }) => name(node))]));
watch('longtask', (entry) => seen.tasks.push(entry.duration));
"""
ARRIVED = """performance.getEntriesByType('resource').filter(({ name }) => /\\/cg\\..*css/.test(name))
  .map((entry) => entry.responseEnd)[0]"""


def visit(chromium: Browser, address: str) -> Page:
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    expect(page.locator(BAR)).to_be_visible()
    until(page, lambda: page.evaluate("seen.paints.length"))
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    return page


@pytest.mark.parametrize("policy", ["", STRICT], ids=["open", "strict"])
@pytest.mark.parametrize("way", SHOPS)
def test_the_shops_largest_paint_is_there_before_our_stylesheet(
    chromium: Browser, serve: Serve, way: str, policy: str
) -> None:
    content, script = SHOPS[way]
    content += '<script src="/file/shop.js" defer></script>'
    files = {"shop.js": script, "shop.css": "h1 { font-size: 80px }"}
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(WATCH)
    held: list[Route] = []
    let_go = False
    page.route("**/assets/**", lambda route: route.continue_() if let_go else held.append(route))
    page.goto(serve(Shop(content, files, policy=policy)), wait_until="commit")
    # Here it would stay for ever if it waited for any file of ours.
    until(page, lambda: page.evaluate("seen.paints.some(([name]) => name === 'H1')"))
    until(page, lambda: any(OWN[0] in route.request.url for route in held))
    let_go = True
    for route in held:
        route.continue_()
    expect(page.locator(BAR)).to_be_visible()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    shops = [at for name, at in page.evaluate("seen.paints") if name == "H1"]
    assert max(shops) < page.evaluate(ARRIVED)
    page.context.close()


@pytest.mark.parametrize("lines", [1, 80], ids=["short page", "long page"])
def test_nothing_moves_when_our_files_come_late(chromium: Browser, serve: Serve, lines: int) -> None:
    page = visit(chromium, serve(Shop("<h1>shop</h1>" + "<p>text</p>" * lines, slow=SLOW)))
    assert page.evaluate("seen.shifts") == []
    page.context.close()


@pytest.mark.parametrize("lost", ["css", "js", "css and js"])
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_where_our_files_never_come_the_shop_is_whole_and_a_choice_is_a_click_away(
    chromium: Browser, serve: Serve, lost: str, script: bool
) -> None:
    context = chromium.new_context(java_script_enabled=script)
    for kind in lost.split(" and "):
        context.route(f"**/assets/cg.*.{kind}", lambda route: route.abort())
    page = context.new_page()
    address = serve(Shop("<h1>shop</h1>"))
    page.goto(f"{address}/tea")
    expect(page.locator("h1")).to_be_visible()
    asked = (script and lost == "css") or (not script and lost == "js")
    expect(page.locator(BAR)).to_be_visible(visible=asked)
    if not asked:
        page.click("[data-consent-settings]")
    with page.expect_response("**/_choices/choice"):
        page.click("[data-consent-action=refuse]")
    page.goto(f"{address}/tea")
    assert page.locator(BAR).count() == 0
    context.close()


def test_the_shops_slow_scripts_hear_that_ours_is_ready(context: BrowserContext, serve: Serve) -> None:
    held: list[Route] = []
    page = context.new_page()
    page.route("**/file/shop.js", lambda route: held.append(route))
    page.goto(serve(Shop('<script src="/file/shop.js" defer></script>')), wait_until="commit")
    page.wait_for_function("window.consentGateway")
    until(page, lambda: held)
    listen = "document.addEventListener('consent:ready', (e) => { window.heard = [...(window.heard || []), e.detail] })"
    held[0].fulfill(body=listen, content_type="text/javascript")
    page.wait_for_load_state("load")
    page.wait_for_function("window.heard")
    assert page.evaluate("heard") == [page.evaluate("consentGateway.get()")]


def test_each_stylesheet_is_fetched_once(context: BrowserContext, serve: Serve) -> None:
    shop = Shop()
    page = context.new_page()
    page.goto(serve(shop), wait_until="networkidle")
    assert [line for line in shop.requests if line.endswith(".css") and "/assets/" in line] == [f"GET {OWN[0]}"]


def test_the_largest_paint_is_the_shops_however_little_it_shows(chromium: Browser, serve: Serve) -> None:
    page = visit(chromium, serve(Shop("<p>tea from the hills, picked by hand</p>")))
    page.wait_for_function(f"getComputedStyle(document.querySelector('{BAR}')).opacity === '1'")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 300)))")
    assert {name for name, _ in page.evaluate("seen.paints")} == {"P"}
    page.context.close()
