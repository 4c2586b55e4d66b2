"""The pages that few visitors meet, as a real gateway gives them: nothing for the accessibility checker to find."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from gateway.app import create_app
from gateway.config.keys import Secret
from gateway.config.settings import BannerLook, Controller, Policy, ServiceEntry, Settings
from gateway.endpoints.limits import AT_ONCE
from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from tests.chromium import PATIENCE
from tests.proxy.servers import serve
from tests.test_app import Shop

pytestmark = pytest.mark.browser
WHOLE, COLOURS = "{resultTypes: ['violations']}", "{resultTypes: ['violations'], runOnly: ['color-contrast']}"
MANY = "198.51.100.9"
POST = """([action, fields]) => {
  const form = Object.assign(document.createElement('form'), { method: 'post', action });
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement('input'), { name, value }));
  }
  document.body.append(form);
  form.submit();
}"""
SHOP = '<!doctype html><html lang="{}"><head><title>shop</title></head><body><main><h1>shop</h1></main></body></html>'
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><path d="M0 0h120v40H0z"/></svg>'


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway with a record at `address`, one whose record is away at `away`, and one page for each visitor."""

    shop: Shop
    address: str
    away: str
    stored: Page
    erased: Page
    signalling: Page
    many: Page


@pytest.fixture(scope="module")
def place(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("gateway")
    # Of the one that is away neither the record nor the journal can be written.
    (folder / "away").mkdir()
    (folder / "away" / "journal").write_text("not a folder")
    shop, now = Shop(), time.time()
    shop.page = SHOP.format("en").encode()

    def gateway(folder: Path, database: Path) -> Any:
        settings = Settings(
            folder=folder,
            database=f"sqlite:///{database}",
            keys=(Secret(b"k" * 32),),
            trusted_proxies=("127.0.0.1",),
            banner=BannerLook(logo="/logo.svg"),
            controller=Controller(name="K市集", contact="mail@shop.example"),
            policy=Policy(date="2026-11-01"),
            services=tuple(ServiceEntry(id=name) for name in ("google-analytics", "meta-pixel", "youtube")),
        )
        return create_app(settings, shop=shop, clock=lambda: now)

    def page(**headers: str) -> Page:
        context = chromium.new_context(
            viewport={"width": 360, "height": 640}, reduced_motion="reduce", extra_http_headers=headers
        )
        context.set_default_timeout(PATIENCE)
        context.route("**/logo.svg", lambda route: route.fulfill(body=LOGO, content_type="image/svg+xml"))
        return context.new_page()

    with (
        serve(gateway(folder, folder / "ledger.sqlite"), lifespan="on") as port,
        serve(gateway(folder / "away", folder / "away" / "journal" / "ledger.sqlite"), lifespan="on") as other,
    ):
        address = f"http://127.0.0.1:{port}"
        pages = [page(), page(), page(**{"Sec-GPC": "1"}), page(**{"X-Forwarded-For": MANY})]
        for visitor in pages[:2]:
            posted = visitor.request.post(f"{address}/_choices/choice", data={"action": "accept", "rev": 1})
            assert posted.status == 200
        assert pages[1].request.post(f"{address}/_choices/erase", data={}).status == 200
        for _ in range(AT_ONCE):
            with suppress(HTTPError):
                urlopen(Request(f"{address}/_choices/withdraw", b"", {"X-Forwarded-For": MANY}))
        yield Place(shop, address, f"http://127.0.0.1:{other}", *pages)
        for visitor in pages:
            visitor.context.close()


def posted(page: Page, start: str, to: str, /, **fields: str) -> int:
    page.goto(start)
    with page.expect_navigation() as answer:
        page.evaluate(POST, [to, fields])
    return answer.value.status


def sound(page: Page, what: str) -> None:
    """Nothing found in the light, no contrast missing in the dark, nothing wider than a small screen."""
    page.evaluate(Axe().axe_script)
    for scheme, options in (("light", WHOLE), ("dark", COLOURS)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found = page.evaluate(f"axe.run({options})")["violations"]
        assert [(what, scheme, each["id"], each["nodes"][0]["html"]) for each in found] == []
    page.emulate_media(color_scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, what


@pytest.mark.parametrize("locale", LOCALES)
def test_the_notice_and_the_record_in_every_state(place: Place, locale: str) -> None:
    words, page = texts(locale), place.stored
    page.goto(f"{place.address}/_choices/notice?lang={locale}")
    assert page.locator(".logo img").evaluate("(node) => node.naturalWidth") == 120
    sound(page, "notice")
    page.goto(f"{place.address}/_choices/me?lang={locale}")
    assert page.locator("[data-consent-event=grant]").count() == 1
    page.evaluate("document.querySelectorAll('details').forEach((node) => { node.open = true })")
    sound(page, "record")
    page.goto(f"{place.away}/_choices/me?lang={locale}")
    assert words["me.lost"] in page.inner_text("[role=alert]")
    sound(page, "record away")
    place.erased.goto(f"{place.address}/_choices/me?done=erasing&lang={locale}")
    assert words["erasing"] in place.erased.inner_text("[role=status]")
    sound(place.erased, "erased")


@pytest.mark.parametrize("locale", LOCALES)
def test_what_failed(place: Place, locale: str) -> None:
    words, query = texts(locale), f"?lang={locale}"
    choice = f"/_choices/choice{query}"
    foreign = place.address.replace("127.0.0.1", "localhost")
    page = place.stored
    assert posted(page, foreign, place.address + choice, action="accept", rev="1") == 403
    assert words["problem.refused"] in page.inner_text("[role=alert]")
    sound(page, "403")
    assert posted(page, f"{place.address}/_choices/{query}", choice, action="accept", rev="9") == 409
    assert words["outdated"] in page.inner_text("[role=status]")
    sound(page, "409")
    assert posted(place.many, f"{place.address}/_choices/{query}", choice, action="accept", rev="1") == 429
    assert words["problem.many"] in place.many.inner_text("[role=alert]")
    sound(place.many, "429")
    assert posted(place.signalling, f"{place.away}/_choices/{query}", choice, action="accept", rev="1") == 503
    assert words["problem"] in place.signalling.inner_text("[role=alert]")
    sound(place.signalling, "503")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_chip_of_a_signal(place: Place, locale: str) -> None:
    place.shop.page = SHOP.format(locale).encode()
    page = place.signalling
    page.goto(place.address)
    chip = page.locator("[data-consent-chip=gpc]")
    sound(page, "chip")
    chip.locator("summary").click()
    assert texts(locale)["gpc"] in chip.inner_text()
    sound(page, "open chip")
