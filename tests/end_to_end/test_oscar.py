"""A real shop, django-oscar under waitress, behind `consent-gateway serve`: who refuses everything can still buy."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.chromium import PATIENCE, launched, needs_chromium, until
from tests.served import free_port

ROOT = Path(__file__).parent.parent.parent
WANTED = ("oscar", "sorl", "waitress", "whoosh")
MISSING = [name for name in WANTED if importlib.util.find_spec(name) is None]
IN_CI = os.environ.get("CI") == "true"

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    pytest.mark.skipif(
        bool(MISSING) and not IN_CI,
        reason=f"the dependency group `shop` is not installed: {', '.join(MISSING)}",
    ),
]

TRACKERS = {
    "connect.facebook.net",
    "www.facebook.com",
    "www.google-analytics.com",
    "www.googletagmanager.com",
}
OWN = {"sessionid", "csrftoken", "django_language", "oscar_open_basket", "oscar_history", "messages"}
"""The shop's own cookies, all of which a purchase needs or leaves."""
CDN = "ajax.googleapis.com"
"""Where the shop's template loads a library from: no tracker, to be left alone."""
PASSWORD = "a-long-enough-phrase"


@dataclass(frozen=True, slots=True)
class Shop:
    """The running shop, and its record of what arrived."""

    url: str
    folder: Path

    def arrived(self) -> list[dict[str, Any]]:
        """The requests since the last `forget`: path, cookies, consent."""
        return [json.loads(line) for line in self._record.read_text("utf-8").splitlines()]

    def cookies(self) -> set[str]:
        """Names of all cookies that arrived."""
        return {name for line in self.arrived() for name in line["cookies"]}

    def forget(self) -> None:
        """Begin the record anew."""
        self._record.write_text("", "utf-8")

    @property
    def _record(self) -> Path:
        return self.folder / "arrived.jsonl"


@dataclass(slots=True)
class Visit:
    """One visitor's browser, what it asked of other hosts, and the headings of the pages it came by."""

    page: Page
    url: str
    abroad: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)

    @property
    def hosts(self) -> set[str]:
        """The other hosts."""
        return {urlsplit(url).hostname or "" for url in self.abroad}

    def go(self, path: str) -> None:
        """Open a page of the shop."""
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200
        self.note()

    def click(self, selector: str, leads_to: str) -> None:
        """Click what leads to the page whose path matches `leads_to`."""
        with self.page.expect_navigation(url=re.compile(rf"^{re.escape(self.url)}{leads_to}")):
            self.page.locator(selector).first.click()
        self.note()

    def note(self) -> None:
        """Remember the page."""
        heading = " ".join(self.page.locator("h1, #register_form h2").all_inner_texts())
        self.headings.append(re.sub(r"\d{6}", "NUMBER", f"{urlsplit(self.page.url).path} {heading}"))


def spawn(command: list[str], log: Path, **environment: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **environment}
    with log.open("w") as errors:
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=errors, text=True)


def wait_for(port: int, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start: {log.read_text('utf-8')}")


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    log = folder / "errors.txt"
    process = spawn([sys.executable, "-m", "tests.end_to_end.oscar"], log, SHOP_FOLDER=str(folder))
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port, log.read_text("utf-8")
    yield Shop(f"http://127.0.0.1:{port}", folder)
    stop(process)


@pytest.fixture(scope="module")
def gateway(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    log, port = folder / "log.txt", free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--upstream", shop.url, "--port", str(port)]
    process = spawn(command, log, CONSENT_GATEWAY_DATA=str(folder / "data"))
    wait_for(port, process, log)
    yield f"http://127.0.0.1:{port}"
    stop(process)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    page = new_page(browser)
    shop.forget()
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def direct(browser: Browser, shop: Shop) -> Iterator[Direct]:
    """A purchase without the gateway, to compare with."""
    page = new_page(browser)
    shop.forget()
    visitor = visit(page, shop.url)
    visitor.go("/catalogue/")
    shop_through(visitor, "direct@example.com")
    until(page, lambda: visitor.hosts >= TRACKERS)
    yield Direct(visitor, shop.cookies(), cookies_of(page))
    page.context.close()


@dataclass(frozen=True, slots=True)
class Direct:
    """A visit without the gateway, the cookies that arrived and those the browser holds."""

    visit: Visit
    arrived: set[str]
    held: dict[str, tuple[str, bool, str]]


def new_page(browser: Browser) -> Page:
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def cookies_of(page: Page) -> dict[str, tuple[str, bool, str]]:
    """Path, HttpOnly and SameSite of every cookie the browser holds."""
    return {
        str(cookie.get("name")): (
            str(cookie.get("path")),
            bool(cookie.get("httpOnly")),
            str(cookie.get("sameSite")),
        )
        for cookie in page.context.cookies()
    }


def visit(page: Page, url: str) -> Visit:
    """A visitor at `url`, for whom every other host is away but noticed."""
    visit = Visit(page, url)

    def elsewhere(route: Route) -> None:
        visit.abroad.append(route.request.url)
        route.abort()

    page.context.route(lambda target: urlsplit(target).hostname != "127.0.0.1", elsewhere)
    return visit


def choose(page: Page, action: str) -> None:
    """Press a button of the banner and wait until the choice is made."""
    with page.expect_response("**/_choices/choice"):
        page.click(f'[data-consent-banner] [data-consent-action="{action}"]')
    expect(page.locator("[data-consent-banner]")).to_be_hidden()


def browse(visitor: Visit) -> None:
    """Another language and back, a category, a product, the basket."""
    page = visitor.page
    page.select_option("#language_selector select", "de")
    visitor.click("#language_selector button", "/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    visitor.go("/catalogue/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.select_option("#language_selector select", "en-gb")
    visitor.click("#language_selector button", "/")
    visitor.click(".side_categories a:has-text('Tea')", "/catalogue/category/tea")
    expect(page.locator(".product_pod")).to_have_count(2)
    visitor.click(".product_pod h3 a:has-text('Oolong')", "/catalogue/alishan-oolong")
    assert page.locator(".carousel-inner img, #product_gallery img, .product_page img").first.evaluate(
        "image => image.complete && image.naturalWidth > 0"
    )
    visitor.click("#add_to_basket_form button", "/")
    visitor.go("/basket/")
    expect(page.locator(".basket-items")).to_contain_text("Alishan Oolong")
    page.fill(".basket-items [name$=quantity]", "2")
    page.click(".basket-items button:has-text('Update')")  # answered to a script, with HTML inside JSON
    expect(page.locator("#content_inner, #messages").first).to_contain_text("1,360.00")


def sign_up_and_in(visitor: Visit, email: str) -> None:
    """A new account, out of it, and in again."""
    page = visitor.page
    visitor.go("/accounts/login/")
    page.fill("#register_form [name$=email]", email)
    page.fill("#register_form [name$=password1]", PASSWORD)
    page.fill("#register_form [name$=password2]", PASSWORD)
    visitor.click("#register_form button[type=submit]", "/")
    expect(page.locator("#logout_link")).to_be_visible()
    visitor.click("#logout_link", "/")
    visitor.go("/accounts/login/")
    page.fill("#login_form [name$=username]", email)
    page.fill("#login_form [name$=password]", PASSWORD)
    visitor.click("#login_form button[type=submit]", "/")
    expect(page.locator("#logout_link")).to_be_visible()


def check_out(visitor: Visit) -> None:
    """From the basket to the thank-you page."""
    page = visitor.page
    visitor.go("/basket/")
    expect(page.locator(".basket-items")).to_contain_text("Alishan Oolong")
    visitor.click("a[href*='/checkout/']", "/checkout/shipping-address/")
    fields = {"first_name": "Mei", "last_name": "Lin", "line1": "1 Heping Rd", "line4": "Taipei"}
    for name, value in (fields | {"postcode": "10650"}).items():
        page.fill(f"#new_shipping_address [name={name}]", value)
    visitor.click("#new_shipping_address button[type=submit]", "/checkout/(payment-details|preview)/")
    if "payment-details" in page.url:
        visitor.click("a[href*='/checkout/preview/'], form button.btn-primary", "/checkout/preview/")
    visitor.click("#place-order", "/checkout/thank-you/")
    expect(page.locator("body")).to_contain_text("Alishan Oolong")
    expect(page.locator("body")).to_contain_text("1,360")


def shop_through(visitor: Visit, email: str) -> None:
    browse(visitor)
    sign_up_and_in(visitor, email)
    check_out(visitor)


def test_directly_the_shop_sells_and_everybody_watches(direct: Direct) -> None:
    assert direct.visit.headings[-1] == "/checkout/thank-you/ Order NUMBER: confirmation"
    assert direct.visit.hosts == TRACKERS | {CDN}
    assert direct.arrived == OWN | {"_fbp"}


def test_who_refused_everything_buys_unwatched(page: Page, shop: Shop, gateway: str, direct: Direct) -> None:
    visitor = visit(page, gateway)
    visitor.go("/catalogue/")
    choose(page, "refuse")
    shop.forget()
    shop_through(visitor, "refused@example.com")
    page.wait_for_load_state("networkidle")

    assert visitor.headings == direct.visit.headings
    assert visitor.hosts == {CDN}
    assert shop.cookies() == OWN
    assert {line["consent"] for line in shop.arrived()} == {
        "necessary=1;preferences=0;statistics=0;marketing=0;src=choice;rev=1"
    }
    held = cookies_of(page)
    assert held.pop("consent") == ("/", True, "Lax")
    assert held == {name: rest for name, rest in direct.held.items() if name != "_fbp"}


def test_who_accepted_is_watched_as_before(page: Page, shop: Shop, gateway: str) -> None:
    visitor = visit(page, gateway)
    visitor.go("/catalogue/")
    assert visitor.hosts <= {CDN}
    choose(page, "accept")
    visitor.go("/catalogue/")
    visitor.go("/basket/")
    until(page, lambda: visitor.hosts >= TRACKERS)
    assert visitor.hosts == TRACKERS | {CDN}
    assert "_fbp" in shop.cookies()
