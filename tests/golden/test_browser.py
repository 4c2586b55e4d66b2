"""Every vector in a real Chromium: each would leave, and with the gateway before the shop none does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gateway.app import create_app
from tests.golden.conftest import TRACKER, visit
from tests.golden.sites import Ear, VectorShop
from tests.golden.vectors import ALONE, ASLEEP, IDLE, SPELLINGS, WAYS, markup
from tests.proxy.servers import serve
from tests.test_app import settings

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
VECTORS = {**WAYS, **ALONE, **SPELLINGS}
ON_TOP = [name for name in VECTORS if name.startswith(("link", "speculation"))]
"""What browsers do for the outermost page only."""


@pytest.fixture(scope="module")
def shop() -> VectorShop:
    return VectorShop(
        {name: markup(vector, name, TRACKER).encode() for name, vector in {**VECTORS, **IDLE}.items()}
    )


def test_without_the_gateway_every_vector_leaves_but_those_known_to_sleep(
    chromium: Browser, ear: Ear, shop: VectorShop
) -> None:
    with serve(shop) as port:
        left = visit(chromium, ear, port, shop, on_top=ON_TOP, awaited=set(VECTORS) - ASLEEP)
    assert set(VECTORS) - left - ASLEEP == set()
    assert left & set(IDLE) == set()


@pytest.mark.parametrize("action", ["", "refuse"], ids=["undecided", "refused"])
def test_with_the_gateway_none_does(
    chromium: Browser, ear: Ear, shop: VectorShop, tmp_path: Path, action: str
) -> None:
    with serve(create_app(settings(tmp_path), shop=shop), lifespan="on") as port:
        assert visit(chromium, ear, port, shop, action, ON_TOP) == set()
    assert not [host for host in ear.heard if TRACKER in host]


def test_with_consent_they_do_again(chromium: Browser, ear: Ear, shop: VectorShop, tmp_path: Path) -> None:
    with serve(create_app(settings(tmp_path), shop=shop), lifespan="on") as port:
        left = visit(chromium, ear, port, shop, "accept", ON_TOP, set(VECTORS) - ASLEEP)
    assert set(VECTORS) - left - ASLEEP == set()
