"""Every vector in a real Chromium: each would leave, and with the gateway before the shop none does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gateway.app import create_app
from tests.banner.conftest import ARGUMENTS, CHROMIUM
from tests.golden.sites import Ear, VectorShop, listening
from tests.golden.vectors import ALONE, ASLEEP, IDLE, SPELLINGS, WAYS, label, markup
from tests.proxy.servers import serve
from tests.test_app import settings

pytestmark = pytest.mark.browser
TRACKER = "doubleclick.net"
VECTORS = {**WAYS, **ALONE, **SPELLINGS}
CLICKED = ("area", "attributionsrc of a link", "javascript", "onclick")
ON_TOP = [name for name in VECTORS if name.startswith(("link", "speculation"))]
"""What browsers do for the outermost page only."""
BATCH = 60


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


@pytest.fixture(scope="module")
def chromium(ear: Ear) -> Iterator[Browser]:
    if CHROMIUM is None and os.environ.get("CI") != "true":
        pytest.skip("no chromium on the path")
    with sync_playwright() as playwright:
        arguments = [*ARGUMENTS, f"--proxy-server=http://127.0.0.1:{ear.port}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop() -> VectorShop:
    return VectorShop(
        {name: markup(vector, name, TRACKER).encode() for name, vector in {**VECTORS, **IDLE}.items()}
    )


def test_without_the_gateway_every_vector_leaves_but_those_known_to_sleep(
    chromium: Browser, ear: Ear, shop: VectorShop
) -> None:
    with serve(shop) as port:
        left = visit(chromium, ear, port, shop)
    assert set(VECTORS) - left - ASLEEP == set()
    assert left & set(IDLE) == set()


@pytest.mark.parametrize("action", ["", "refuse"], ids=["undecided", "refused"])
def test_with_the_gateway_none_does(
    chromium: Browser, ear: Ear, shop: VectorShop, tmp_path: Path, action: str
) -> None:
    with serve(create_app(settings(tmp_path), shop=shop), lifespan="on") as port:
        assert visit(chromium, ear, port, shop, action) == set()
    assert not [host for host in ear.heard if TRACKER in host]


def test_with_consent_they_do_again(chromium: Browser, ear: Ear, shop: VectorShop, tmp_path: Path) -> None:
    with serve(create_app(settings(tmp_path), shop=shop), lifespan="on") as port:
        left = visit(chromium, ear, port, shop, "accept")
    assert set(VECTORS) - left - ASLEEP == set()


def visit(browser: Browser, ear: Ear, port: int, shop: VectorShop, action: str = "") -> set[str]:
    """The vectors whose trackers are asked for anything while all documents are shown, and clicked."""
    ear.heard.clear()
    context = browser.new_context()
    page = context.new_page()
    origin = f"http://127.0.0.1:{port}"
    if action:
        chosen = context.request.post(
            f"{origin}/_choices/choice", form={"action": action, "rev": "1", "return": "/own"}
        )
        assert chosen.ok, chosen.text()
    for first in range(0, len(shop.documents), BATCH):
        page.goto(f"{origin}/all?{first}-{first + BATCH}", timeout=60000)
        settle(page, ear)
        for frame in page.frames[1:]:
            if frame.name.startswith(CLICKED):
                frame.evaluate("for (const e of document.querySelectorAll('a,area,button')) e.click()")
    for name in ON_TOP:
        page.goto(f"{origin}/v/{name}")
    settle(page, ear)
    context.close()
    return {name for name in shop.documents if any(host.startswith(label(name) + ".") for host in ear.heard)}


def settle(page: Page, ear: Ear) -> None:
    """Until a second has brought no new host."""
    before = -1
    while before != len(ear.heard):
        before = len(ear.heard)
        page.wait_for_timeout(1000)
