"""Charsets in a real Chromium: what it reads of the bytes, and that the gateway reads no less."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gateway.app import create_app
from tests.golden.charsets import pages
from tests.golden.conftest import TRACKER, visit
from tests.golden.sites import Ear, VectorShop
from tests.proxy.servers import serve
from tests.test_app import settings

pytestmark = pytest.mark.browser
PAGES = pages(TRACKER)
GUESSED = [name for name, page in PAGES.items() if page.content_type == "text/html"]
"""A frame of the same host takes over the charset of the page around it where it names none."""


@pytest.fixture(scope="module")
def shop() -> VectorShop:
    shop = VectorShop({name: page.body for name, page in PAGES.items()})
    shop.types.update((name, page.content_type.encode()) for name, page in PAGES.items())
    return shop


def test_without_the_gateway_the_trackers_are_asked(chromium: Browser, ear: Ear, shop: VectorShop) -> None:
    with serve(shop) as port:
        live = {name for name, page in PAGES.items() if page.live}
        assert visit(chromium, ear, port, shop, on_top=GUESSED, awaited=live) == live


@pytest.mark.parametrize("action", ["", "refuse"], ids=["undecided", "refused"])
def test_with_the_gateway_none_is(
    chromium: Browser, ear: Ear, shop: VectorShop, tmp_path: Path, action: str
) -> None:
    with serve(create_app(settings(tmp_path), shop=shop), lifespan="on") as port:
        assert visit(chromium, ear, port, shop, action, GUESSED) == set()
