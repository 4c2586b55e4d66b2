"""A Chromium that reaches nobody but the shop, and a proxy that hears whom it would ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import launched
from tests.golden.sites import Ear, VectorShop, listening
from tests.golden.vectors import label

TRACKER = "doubleclick.net"
BATCH = 60
CLICKED = ("area", "attributionsrc of a link", "javascript", "onclick")


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


@pytest.fixture(scope="module")
def chromium(ear: Ear) -> Iterator[Browser]:
    with launched(f"--proxy-server=http://127.0.0.1:{ear.port}") as browser:
        yield browser


def visit(
    browser: Browser, ear: Ear, port: int, shop: VectorShop, action: str = "", on_top: Iterable[str] = ()
) -> set[str]:
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
    for name in on_top:
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
