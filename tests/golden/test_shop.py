"""A shop's page in a real Chromium: what waits comes in order, and what is not tracking works when all is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from gateway.app import create_app
from tests.golden.sites import VectorShop
from tests.proxy.servers import serve
from tests.test_app import settings

pytestmark = pytest.mark.browser

DEPENDENT = b"""<!doctype html><html lang=en><meta charset=utf-8><title>a</title><body>
<script>window.log = ['own']</script>
<script src="https://a.doubleclick.net/first.js" integrity=""></script>
<script src="https://b.doubleclick.net/second.js"></script>
<script>window.dataLayer = window.dataLayer || []; function gtag() { log.push('gtag after ' + log.at(-1)) }
gtag('js', new Date())</script>
<script>log.push('own again')</script>"""

WORKING = b"""<!doctype html><html lang=en><meta charset=utf-8><title>a</title>
<link rel=preconnect href=https://js.stripe.com>
<link rel=stylesheet href="https://cdn.jsdelivr.net/npm/bootstrap/a.css">
<style>@import url(https://fonts.googleapis.com/css?family=Noto);</style><body>
<script src="https://js.stripe.com/v3/"></script><script src="https://js.tappaysdk.com/sdk/tpdirect/v5"></script>
<script src="https://cdn.jsdelivr.net/npm/vue/dist/vue.js"></script>
<script src="https://js.hcaptcha.com/1/api.js" async defer></script>
<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>
<iframe id=map width=300 height=200 src="https://www.google.com/maps/embed?pb=!1m18"></iframe>
<iframe id=pay src="https://js.stripe.com/v3/elements.html"></iframe>
<script>
  // fbq('track', 'Purchase') was taken out, see gtag('event') below
  /* dataLayer.push({event: 'x'}); https://connect.facebook.net/en_US/fbevents.js */
  window.basket = ['tea'];
</script>
<script src="/own.js"></script>
<form action="/pay" onsubmit="window.sent = 1; return false"><button>pay</button></form>
<a href="https://www.facebook.com/shop">our page</a>
<img src="/own.gif" onload="window.seen = 1" alt=""><img src="https://images.example/tea.jpg" width=9 height=9 alt="">
<script src="https://x.doubleclick.net/a.js"></script>
<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-X" height=0 width=0></iframe></noscript>"""


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    shop = VectorShop({"dependent": DEPENDENT, "working": WORKING})
    with serve(create_app(settings(tmp_path), shop=shop), lifespan="on") as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def page(chromium: Browser, origin: str) -> Iterator[Page]:
    """Hosts elsewhere answer with a script or page that notes its own address."""

    def answer(route: Route, request: Request) -> None:
        if request.resource_type == "script":
            text = f"(window.log = window.log || []).push({request.url!r})"
            route.fulfill(body=text, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.fulfill(body="", content_type={"stylesheet": "text/css"}.get(request.resource_type, "text/html"))

    context = chromium.new_context(locale="en")
    context.route(lambda url: not url.startswith(origin), answer)
    yield context.new_page()
    context.close()


def test_scripts_that_need_each_other_come_alive_in_order(page: Page, origin: str) -> None:
    page.goto(f"{origin}/v/dependent")
    assert page.evaluate("log") == ["own", "own again"]
    page.evaluate("window.same = 1")
    page.click('[data-consent-action="accept"]')
    page.wait_for_function("log.length > 4")
    first, second = "https://a.doubleclick.net/first.js", "https://b.doubleclick.net/second.js"
    assert page.evaluate("log") == ["own", "own again", first, second, f"gtag after {second}"]
    assert page.evaluate("same") == 1


def test_a_refused_page_carries_no_parked_copy(page: Page, origin: str) -> None:
    page.goto(f"{origin}/v/dependent")
    page.click('[data-consent-action="refuse"]')
    expect(page.locator("[data-consent-banner]")).to_be_hidden()
    page.goto(f"{origin}/v/dependent")
    html = page.content()
    assert page.evaluate("log") == ["own", "own again"]
    for trace in ("doubleclick", "gtag(", "data-consent-src", "text/plain"):
        assert trace not in html


def test_with_everything_refused_all_that_is_not_tracking_works(page: Page, origin: str) -> None:
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failed.append(error.message))
    page.goto(f"{origin}/v/working")
    page.click('[data-consent-action="refuse"]')
    expect(page.locator("[data-consent-banner]")).to_be_hidden()
    asked.clear()
    page.goto(f"{origin}/v/working", wait_until="networkidle")
    hosts = {url.split("/")[2] for url in asked if not url.startswith((origin, "data:"))}
    assert hosts == {
        "js.stripe.com", "js.tappaysdk.com", "cdn.jsdelivr.net", "js.hcaptcha.com", "challenges.cloudflare.com",
        "fonts.googleapis.com", "images.example",
    }  # fmt: skip
    page.click("text=pay")
    assert page.evaluate("[basket, sent, seen]") == [["tea"], 1, 1]
    expect(page.locator("[data-consent-placeholder]")).to_be_visible()
    assert failed == []
