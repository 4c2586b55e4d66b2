"""A Chromium that reaches nobody but the shop, and a proxy that hears whom it would ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

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
    browser: Browser,
    ear: Ear,
    port: int,
    shop: VectorShop,
    action: str = "",
    on_top: Iterable[str] = (),
    awaited: Collection[str] = (),
) -> set[str]:
    """The vectors whose trackers are asked for anything while all documents are shown, and clicked.

    For those `awaited` it waits as long as a busy machine may need.
    """
    ear.heard.clear()
    context = browser.new_context()
    page = context.new_page()
    origin = f"http://127.0.0.1:{port}"
    if action:
        chosen = context.request.post(
            f"{origin}/_choices/choice", form={"action": action, "rev": "1", "return": "/own"}
        )
        assert chosen.ok, chosen.text()
    names = list(shop.documents)
    for first in range(0, len(names), BATCH):
        page.goto(f"{origin}/all?{first}-{first + BATCH}", timeout=60000)
        settle(page, ear)
        for frame in page.frames[1:]:
            if frame.name.startswith(CLICKED):
                frame.evaluate("for (const e of document.querySelectorAll('a,area,button')) e.click()")
        hear(page, ear, [name for name in names[first : first + BATCH] if name in awaited and name not in on_top])
    for name in on_top:
        page.goto(f"{origin}/v/{name}")
        hear(page, ear, [name] if name in awaited else [])
    settle(page, ear)
    context.close()
    return {name for name in names if is_heard(ear, name)}


def is_heard(ear: Ear, name: str) -> bool:
    """Whether the tracker of a vector was asked for anything."""
    return any(host.startswith(label(name) + ".") for host in tuple(ear.heard))


def hear(page: Page, ear: Ear, awaited: Collection[str]) -> None:
    """Until all of `awaited` were heard, or a minute long."""
    for _ in range(600):
        if all(is_heard(ear, name) for name in awaited):
            return
        page.wait_for_timeout(100)


def settle(page: Page, ear: Ear) -> None:
    """Until a second has brought no new host."""
    before = -1
    while before != len(ear.heard):
        before = len(ear.heard)
        page.wait_for_timeout(1000)
