"""Click ids leave the address bar of a real Chromium, and nothing else does (R-60)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from gateway.app import create_app
from gateway.types import Receive, Scope, Send
from tests.test_app import settings, visiting

pytestmark = pytest.mark.browser
PAGE = b"<!doctype html><html lang=en><head><title>t</title></head><body>a</body></html>"


async def shop(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": PAGE})


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with visiting(create_app(settings(tmp_path, click_ids=("gclid", "fbclid", "utm_*")), shop=shop)) as visitor:
        yield f"http://127.0.0.1:{visitor.port}"


def shown(context: BrowserContext, address: str, target: str) -> str:
    """What the address bar says once the page is there."""
    page = context.new_page()
    page.goto(address + target)
    length = page.evaluate("history.length")
    seen: str = page.evaluate("location.href")
    assert length == 2  # the empty page and this one: nothing was pushed
    return seen.removeprefix(address)


@pytest.mark.parametrize(
    ("target", "after"),
    [
        ("/a?gclid=1&b=%2f&c=+&fbclid&b=2#top", "/a?b=%2f&c=+&b=2#top"),
        ("/a?%67clid=1", "/a"),
        ("/a?utm_%E4%BD%A0=1&?b&&x", "/a??b&&x"),
        ("//a/b?gclid=1", "//a/b"),
        ("/a?b=gclid&GCLID=1", "/a?b=gclid&GCLID=1"),
    ],
)
def test_the_address_bar_forgets_click_ids(context: BrowserContext, address: str, target: str, after: str) -> None:
    assert shown(context, address, target) == after


def test_with_marketing_granted_the_address_stays(context: BrowserContext, address: str) -> None:
    context.request.post(
        f"{address}/_choices/choice", form={"action": "accept", "rev": "1"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert shown(context, address, "/a?gclid=1") == "/a?gclid=1"
