"""The second wall in a real Chromium: what scripts put into a page loads only if the visitor's choice lets it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.app import Gateway, create_app
from gateway.config.keys import Secret
from gateway.config.settings import Csp, ServiceEntry, Settings
from gateway.model.categories import Category
from gateway.observability.counters import Series
from gateway.types import Receive, Scope, Send
from tests.chromium import PATIENCE, launched, until
from tests.proxy.servers import serve

pytestmark = pytest.mark.browser
SERVICES = (
    ServiceEntry(id="tags", category=Category.STATISTICS, hosts=("tags.test",)),
    ServiceEntry(id="ads", category=Category.MARKETING, hosts=("ads.test",)),
    ServiceEntry(id="game", name="Game", category=Category.PREFERENCES, hosts=("game.test",), separate=True),
    ServiceEntry(id="shop-pay", category=Category.NECESSARY, urls=("pay.test/sdk/",)),
)
# A host below localhost is a secure context: the browser says what a request is for.
ADD = """{
const add = (name, attribute, url) => {
  const element = document.createElement(name);
  element[attribute] = url;
  document.body.append(element);
};
const at = (host, path) => `http://${host}:${location.port}${path}`;
"""
LOADER = (
    ADD
    + """
for (const host of ['tags.test', 'ads.test', 'unknown.test', 'img.shop.localhost']) {
  add('script', 'src', at(host, '/s.js'));
  add('iframe', 'src', at(host, '/frame'));
  add('object', 'data', at(host, '/object'));
}
add('script', 'src', at('pay.test', '/sdk/1.js'));
add('script', 'src', at('pay.test', '/other.js'));
add('img', 'src', at('unknown.test', '/i.png'));
fetch(at('unknown.test', '/api'), { mode: 'no-cors' }).catch(() => 0);
new Worker('/worker.js');
add('script', 'text', 'window.inline = eval("1 + 1")');
}"""
)
TAGS = ADD + "add('script', 'src', at('tags.test', '/more.js')); add('script', 'src', at('ads.test', '/pixel.js'));}"
WORKER = """
for (const host of ['ads.test', 'img.shop.localhost']) {
  try { importScripts(`http://${host}:${location.port}/w.js`) } catch { }
}
fetch('/done');
"""
PAGE = """<!doctype html><title>t</title><body><p style="height: 5000px">goods</p>
<script src="/loader.js"></script>"""
GAME = """<!doctype html><title>t</title><body><iframe src="http://game.test:PORT/frame" width="300" height="200">
</iframe><script src="http://game.test:PORT/s.js"></script>"""
SHOP = "www.shop.localhost"
FILES = {
    f"{SHOP}/": PAGE, f"{SHOP}/game": GAME, f"{SHOP}/loader.js": LOADER, f"{SHOP}/worker.js": WORKER,
    "tags.test/s.js": TAGS,
}  # fmt: skip


class World:
    """The shop and everybody else on one port; remembers `host/path` of each request."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        host, _, port = dict(scope["headers"])[b"host"].decode().partition(":")
        path = scope["path"]
        self.asked.append(host + path)
        body = FILES.get(host + path, "").replace("PORT", port)
        kind = b"text/html" if path in ("/", "/frame", "/object", "/game") else b"text/javascript"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": body.encode()})

    def others(self) -> set[str]:
        """What was asked of other hosts than the shop's own."""
        return {place for place in self.asked if not place.startswith("www.shop.localhost")}


class Site:
    """A gateway for www.shop.localhost, and the rest of the world behind the same port."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.world = World()
        settings = Settings(
            folder=folder,
            database=f"sqlite:///{folder / 'ledger.sqlite'}",
            keys=(Secret(b"k" * 32),),
            services=SERVICES,
            language="en",
            **values,
        )
        self.gateway: Gateway = create_app(settings, shop=self.world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope.get("headers", ())).get(b"host", b"www.shop.localhost")
        await (self.gateway if host.startswith(b"www.shop.localhost") else self.world)(scope, receive, send)

    def wait_for(self, place: str) -> None:
        _wait(lambda: place in self.world.asked)
        assert place in self.world.asked

    def wait_for_count(self, service: str, outcome: str) -> None:
        """A script, a frame and an object of `service` were reported."""

        def counted() -> int:
            return dict(self.gateway.counters.rows()).get(Series("csp", service, outcome), 0)

        _wait(lambda: counted() >= 3)
        assert counted() >= 3


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.fixture(scope="module")
def everywhere() -> Iterator[Browser]:
    with launched("--host-resolver-rules=MAP *.test 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def context(everywhere: Browser) -> Iterator[BrowserContext]:
    context = everywhere.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    # This wall has to stand alone: without the guard that stands before it.
    context.route("**/assets/gd.*", lambda route: route.abort())
    yield context
    context.close()


def settled(page: Page, site: Site, others: set[str]) -> None:
    """The loader has run, and all that it asked for has come, these of other hosts among it, or was blocked."""
    until(page, lambda: "www.shop.localhost/done" in site.world.asked and site.world.others() >= others)
    page.wait_for_load_state("networkidle")


FREE = {
    "img.shop.localhost/s.js", "img.shop.localhost/frame", "img.shop.localhost/object", "img.shop.localhost/w.js",
    "pay.test/sdk/1.js", "unknown.test/i.png", "unknown.test/api",
}  # fmt: skip
TAGS_TOO = {"tags.test/s.js", "tags.test/frame", "tags.test/object", "tags.test/more.js"}
ADS_TOO = {"ads.test/s.js", "ads.test/frame", "ads.test/object", "ads.test/pixel.js"}


def test_scripts_of_scripts_load_by_choice_and_the_page_keeps_its_place(
    context: BrowserContext, tmp_path: Path
) -> None:
    site = Site(tmp_path)
    with serve(site, lifespan="on") as port:
        page = context.new_page()
        page.goto(f"http://www.shop.localhost:{port}/")
        settled(page, site, FREE)
        assert site.world.others() == FREE
        assert page.evaluate("window.inline") == 2
        for service in ("ads", "tags", "unknown"):
            site.wait_for_count(service, "blocked")
        page.evaluate("scrollTo(0, 2300)")
        site.world.asked.clear()
        with page.expect_event("load"):
            page.click('[data-consent-action="accept"]')
        settled(page, site, FREE | TAGS_TOO | ADS_TOO)
        assert site.world.others() == FREE | TAGS_TOO | ADS_TOO | {"ads.test/w.js"}
        until(page, lambda: page.evaluate("scrollY") == 2300)


def test_a_tag_manager_allowed_for_statistics_loads_no_marketing(context: BrowserContext, tmp_path: Path) -> None:
    site = Site(tmp_path)
    with serve(site, lifespan="on") as port:
        page = context.new_page()
        page.goto(f"http://www.shop.localhost:{port}/_choices/")
        page.check('input[name="category"][value="statistics"]')
        with page.expect_navigation():
            page.click('[data-consent-action="save"]')
        page.goto(f"http://www.shop.localhost:{port}/")
        settled(page, site, FREE | TAGS_TOO)
        assert site.world.others() == FREE | TAGS_TOO


def test_connections_are_limited_too_where_wanted(context: BrowserContext, tmp_path: Path) -> None:
    site = Site(tmp_path, csp=Csp(connect=True))
    with serve(site, lifespan="on") as port:
        page = context.new_page()
        page.goto(f"http://www.shop.localhost:{port}/")
        settled(page, site, FREE - {"unknown.test/api"})
        assert site.world.others() == FREE - {"unknown.test/api"}


def test_for_the_days_before_everything_loads_and_is_counted(context: BrowserContext, tmp_path: Path) -> None:
    site = Site(tmp_path, csp=Csp(mode="report"))
    with serve(site, lifespan="on") as port:
        page = context.new_page()
        page.goto(f"http://www.shop.localhost:{port}/")
        settled(page, site, TAGS_TOO | ADS_TOO | FREE)
        site.wait_for_count("ads", "reported")
        page.evaluate("window.same = 1")
        page.click('[data-consent-action="accept"]')
        expect(page.locator("[data-consent-banner]")).to_be_hidden()
        assert page.evaluate("window.same") == 1


def test_a_separate_service_loads_by_its_own_click_once_and_by_no_acceptance(
    context: BrowserContext, tmp_path: Path
) -> None:
    site = Site(tmp_path)
    with serve(site, lifespan="on") as port:
        page = context.new_page()
        page.goto(f"http://www.shop.localhost:{port}/game")
        with page.expect_event("load"):
            page.click('[data-consent-banner] [data-consent-action="accept"]')
        placeholder = page.locator("[data-consent-placeholder]")
        expect(placeholder).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert site.world.others() == set()
        placeholder.locator('[data-consent-action="load"]').click()
        site.wait_for("game.test/frame")
        page.reload()
        expect(placeholder).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert site.world.asked.count("game.test/frame") == 1
        assert "game.test/s.js" not in site.world.asked
