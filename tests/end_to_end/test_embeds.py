"""Embeds in a real Chromium behind the whole gateway: same size, nothing asked of the provider, one click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from gateway.app import create_app
from gateway.config.keys import Secret
from gateway.config.settings import Csp, ServiceEntry, Settings
from gateway.types import Receive, Scope, Send
from tests.chromium import PATIENCE, launched, needs_chromium, until
from tests.proxy.servers import serve as running
from tests.test_app import kinds as kinds_of

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
]

FILM = "https://www.youtube.com/embed/abcdefghijk"
STYLE = """
body { margin: 20px } section { margin: 20px 0 }
.padded { position: relative; height: 0; padding-bottom: 56.25% }
.padded iframe { position: absolute; top: 0; left: 0; width: 100%; height: 100% }
.ratio { position: relative } .ratio::before { display: block; padding-top: 56.25%; content: "" }
.ratio > * { position: absolute; top: 0; left: 0; width: 100%; height: 100% }
.fit iframe { display: block; width: 100%; height: auto; aspect-ratio: 16 / 9 }
.child > iframe { width: 70%; height: 220px; border: 0 }
.grid { display: grid; grid-template-columns: 1fr 1fr; gap: 10px } .grid iframe { width: 100%; height: 180px }
.flex { display: flex; gap: 8px } .flex iframe { flex: 1; min-width: 0; height: 150px }
.scroll { height: 200px; overflow: auto }
"""
CASES = {
    "attributes": f'<iframe width=300 height=200 src="{FILM}" title="Our tea"></iframe>',
    "percent": f'<iframe width="100%" height=300 src="{FILM}"></iframe>',
    "style": f'<iframe style="width:100%;height:400px" src="{FILM}"></iframe>',
    "padded": f'<div class=padded><iframe style="border:0" src="{FILM}"></iframe></div>',
    "ratio": f'<div class=ratio><iframe style="border:0" src="{FILM}"></iframe></div>',
    "fit": f'<div class=fit><iframe width=560 height=315 src="{FILM}"></iframe></div>',
    "child": f'<div class=child><iframe src="{FILM}"></iframe></div>',
    "paragraph": f'<p>before <iframe width=300 height=200 src="{FILM}"></iframe> after</p>',
    "nothing": f'<p><iframe src="{FILM}"></iframe></p>',
    "grid": f'<div class=grid>{f"""<iframe src="{FILM}"></iframe>""" * 5}</div>',
    "flex": f'<div class=flex>{f"""<iframe src="{FILM}"></iframe>""" * 2}</div>',
    "scroll": f'<div class=scroll><p>a</p><iframe width=300 height=300 src="{FILM}"></iframe></div>',
}
CHAT = "https://embed.tawk.to/1/default"
POST = "https://platform.twitter.com/widgets.js"
TALK = (
    f'<script>window.Tawk_API = {{}}; (() => {{ const s = document.createElement("script"); s.src = "{CHAT}";'
    " document.head.append(s) })()</script>"
    '<blockquote class="twitter-tweet"><p>Fresh tea</p><a href="https://twitter.com/x/status/1">1 May</a></blockquote>'
    f'<script async src="{POST}"></script>'
)
SHIFT = """window.shift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value })
  .observe({ type: 'layout-shift', buffered: true })"""
BOXES = """() => [...document.querySelectorAll('[data-consent-placeholder]')].map((placeholder) =>
  [placeholder.previousElementSibling, placeholder].map((element) => {
    const box = element.getBoundingClientRect();
    return [box.x, box.y, box.width, box.height].map(Math.round).join(' ');
  }))"""
SIZES = """() => [...document.querySelectorAll('iframe')].map((frame) => {
    const box = frame.getBoundingClientRect();
    return [box.x, box.y + scrollY, box.width, box.height].map(Math.round).join(' ');
  })"""
PLACEHOLDER, LOAD = "[data-consent-placeholder]", '[data-consent-action="load"]'


def kinds(folder: Path) -> list[str]:
    """The kinds of the events in the record, read where no loop runs: Playwright's runs in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(kinds_of, folder).result()


class Shop:
    """Answers every path with the same page."""

    body = ""
    policy = b""
    wall = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = '<title>t</title><meta name="viewport" content="width=device-width">'
        page = f'<!doctype html><html lang="en"><head>{head}<link rel="stylesheet" href="/s.css"></head>'
        page += f"<body><main><h1>Tea</h1>{self.body}</main></body></html>"
        style = scope["path"] == "/s.css"
        headers = [(b"content-type", b"text/css" if style else b"text/html; charset=utf-8")]
        headers += [(b"content-security-policy", self.policy)] if self.policy else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": (STYLE if style else page).encode()})


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Shop:
    shop = Shop()
    shop.wall = getattr(request, "param", False)
    return shop


both_walls = pytest.mark.parametrize("shop", [False, True], ids=["no wall", "second wall"], indirect=True)


@pytest.fixture
def address(tmp_path: Path, shop: Shop) -> Iterator[str]:
    database = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    services = tuple(ServiceEntry(id=name) for name in ("youtube", "tawk-to", "x-widgets"))
    csp = Csp(mode="enforce" if shop.wall else "off")
    settings = Settings(folder=tmp_path, database=database, keys=(Secret(b"k" * 32),), services=services, csp=csp)
    with running(create_app(settings, shop=shop), lifespan="on") as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


class Outside:
    """All that left for other hosts, answered here."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        page.route(re.compile(r"^https://"), self._answer)

    def _answer(self, route: Route) -> None:
        self.asked.append(route.request.url)
        script = route.request.resource_type == "script"
        body = "window.talked = (window.talked || 0) + 1" if script else "<button>play</button>"
        route.fulfill(body=body, content_type="text/javascript" if script else "text/html")


def opened(context: BrowserContext, address: str, *, refused: bool = False) -> tuple[Page, Outside]:
    page = context.new_page()
    outside = Outside(page)
    page.add_init_script(SHIFT)
    page.goto(address)
    if refused:
        page.click('[data-consent-action="refuse"]')
        page.wait_for_function("consentGateway.get().preferences === 'refused'")
        page.goto(address)
    return page, outside


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_placeholder_covers_exactly_the_place_of_its_frame(
    chromium: Browser,
    address: str,
    shop: Shop,
    width: int,
    script: bool,
) -> None:
    shop.body = "".join(f"<section>{case}</section>" for case in CASES.values())
    context = chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=script)
    page, outside = opened(context, address)
    expect(page.locator(PLACEHOLDER).first).to_be_visible()
    boxes = page.evaluate(BOXES)
    assert len(boxes) == 17
    assert [pair for pair in boxes if pair[0] != pair[1]] == []
    assert outside.asked == []
    context.close()


def test_nothing_moves_before_and_when_a_frame_is_loaded(context: BrowserContext, address: str, shop: Shop) -> None:
    shop.body = "".join(f"<section>{case}</section>" for case in CASES.values())
    page, outside = opened(context, address)
    before = page.evaluate(SIZES)
    for loaded in range(1, 4):  # by key: a mouse as fast as this one meets what stood there before the page scrolled
        page.locator(LOAD).first.press("Enter")
        page.wait_for_function(f"document.querySelectorAll('iframe[src]').length === {loaded}")
        # The frame has the focus: until its page is there, the next key may still go to it.
        until(page, lambda number=loaded: len(outside.asked) >= number)  # type: ignore[misc]
        page.frames[-1].wait_for_load_state()
    page.wait_for_timeout(300)
    assert page.evaluate(SIZES) == before
    assert page.evaluate("shift") == 0
    assert len(outside.asked) == 3


@both_walls
@pytest.mark.parametrize("refused", [False, True], ids=["unset", "refused"])
def test_loading_once_is_this_frame_now_and_nothing_else(
    context: BrowserContext, address: str, shop: Shop, tmp_path: Path, refused: bool
) -> None:
    shop.body = CASES["attributes"] + CASES["percent"]
    page, outside = opened(context, address, refused=refused)
    jar = context.cookies()
    assert outside.asked == []
    page.locator(LOAD).first.click()
    frame = page.frame_locator("iframe >> nth=0")
    expect((frame.frame_locator("iframe") if shop.wall else frame).locator("button")).to_be_visible()
    expect(page.locator(PLACEHOLDER)).to_have_count(1)
    assert outside.asked == [FILM]
    assert context.cookies() == jar
    assert kinds(tmp_path) == (["refuse"] if refused else [])
    page.reload()
    expect(page.locator(PLACEHOLDER)).to_have_count(2)
    assert outside.asked == [FILM]


@both_walls
@pytest.mark.parametrize("refused", [False, True], ids=["unset", "refused"])
def test_always_allowing_grants_the_category_once(
    context: BrowserContext, address: str, shop: Shop, tmp_path: Path, refused: bool
) -> None:
    shop.body = CASES["attributes"] + CASES["percent"]
    page, outside = opened(context, address, refused=refused)
    page.locator(f'{PLACEHOLDER} [data-consent-action="accept"]').first.click()
    expect(page.locator(PLACEHOLDER)).to_have_count(0)
    expect(page.frame_locator("iframe >> nth=1").locator("button")).to_be_visible()
    assert refused or shop.wall or page.evaluate("document.activeElement.tagName") == "IFRAME"
    assert kinds(tmp_path) == (["refuse", "grant"] if refused else ["grant"])
    until(page, lambda: page.evaluate("Boolean(window.consentGateway)"))  # where the page comes anew, its last script
    assert page.evaluate("consentGateway.get().marketing") == ("refused" if refused else "unset")
    assert set(outside.asked) == {FILM}


def test_the_keyboard_goes_through_the_placeholder_and_into_the_frame(
    context: BrowserContext, address: str, shop: Shop
) -> None:
    shop.body = f'<a id="before" href="#">a</a>{CASES["attributes"]}<a id="after" href="#">b</a>'
    page, _ = opened(context, address)
    page.focus("#before")
    seen = []
    for _ in range(5):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert seen == ["Load once", "Always allow preferences", "Open at YouTube", "Cookie settings", "after"]
    page.evaluate("document.addEventListener('load', ({ target }) => { window.loaded = target.tagName }, true)")
    page.focus(LOAD)
    page.keyboard.press("Enter")
    expect(page.frame_locator("iframe").locator("button")).to_be_visible()
    page.wait_for_function("window.loaded === 'IFRAME'")
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"
    page.keyboard.press("Tab")
    expect(page.frame_locator("iframe").locator("button")).to_be_focused()


def test_without_script_the_links_work(chromium: Browser, address: str, shop: Shop) -> None:
    shop.body = CASES["attributes"]
    context = chromium.new_context(java_script_enabled=False)
    page, outside = opened(context, address)
    placeholder = page.locator(PLACEHOLDER)
    expect(placeholder).to_contain_text("Our tea")
    placeholder.locator("a", has_text="Open at YouTube").click()
    page.wait_for_url("https://www.youtube.com/**")
    assert outside.asked == ["https://www.youtube.com/watch?v=abcdefghijk"]
    page.goto(address)
    placeholder.locator("a", has_text="Cookie settings").click()
    page.locator('[data-consent-category="preferences"]').check()
    with page.expect_navigation():
        page.click('[data-consent-action="save"]')
    page.goto(address)
    assert outside.asked[1:] == [FILM]
    expect(placeholder).to_have_count(0)
    context.close()


@pytest.mark.parametrize("refused", [False, True], ids=["unset", "refused"])
def test_a_chat_is_started_once_by_its_button_and_a_post_stays_text(
    context: BrowserContext, address: str, shop: Shop, tmp_path: Path, refused: bool
) -> None:
    shop.body = TALK
    page, outside = opened(context, address, refused=refused)
    expect(page.locator(".twitter-tweet")).to_have_text("Fresh tea1 May")
    expect(page.locator(PLACEHOLDER)).to_have_count(1)
    assert outside.asked == []
    page.locator(f"{PLACEHOLDER} summary").press("Enter")
    page.locator(LOAD).press("Enter")
    page.wait_for_function("window.talked === 1")
    expect(page.locator(PLACEHOLDER)).to_have_count(0)
    assert outside.asked == [CHAT]
    assert kinds(tmp_path) == (["refuse"] if refused else [])


def test_a_shop_that_forbids_inline_styles_hears_no_complaint(
    context: BrowserContext, address: str, shop: Shop
) -> None:
    shop.policy = b"default-src 'self'; frame-src https:"
    shop.body = CASES["attributes"] + "<div>" + CASES["percent"] + "</div>"
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page, _ = opened(context, address)
    assert [pair for pair in page.evaluate(BOXES) if pair[0] != pair[1]] == []
    page.locator(LOAD).first.click()
    expect(page.frame_locator("iframe >> nth=0").locator("button")).to_be_visible()
    assert [text for text in complaints if "Content Security" in text] == []


def test_the_accessibility_checker_finds_nothing(context: BrowserContext, address: str, shop: Shop) -> None:
    shop.body = CASES["attributes"] + CASES["percent"] + TALK
    page, _ = opened(context, address, refused=True)
    page.locator("summary").click()
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("shop", [True], ids=["second wall"], indirect=True)
def test_a_chat_that_our_policy_would_stop_is_not_offered_once(
    context: BrowserContext, address: str, shop: Shop
) -> None:
    shop.body = TALK
    page, _ = opened(context, address, refused=True)
    page.click("summary")
    expect(page.locator(LOAD)).to_have_count(0)
    expect(page.locator(f'{PLACEHOLDER} [data-consent-action="accept"]')).to_be_visible()


@pytest.mark.parametrize("shop", [True], ids=["second wall"], indirect=True)
def test_the_page_around_a_frame_passes_the_shops_own_policy(context: BrowserContext, address: str, shop: Shop) -> None:
    shop.policy = b"frame-src https://www.youtube.com"
    shop.body = CASES["attributes"]
    page, outside = opened(context, address)
    page.click(LOAD)
    expect(page.frame_locator("iframe").frame_locator("iframe").locator("button")).to_be_visible()
    assert outside.asked == [FILM]
