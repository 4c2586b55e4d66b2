"""A real server and a real Chromium for the banner's tests."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext

from tests.banner.shop import Shop
from tests.chromium import PATIENCE, launched


# A module's, not the session's: while Playwright is open its event loop runs in this thread, and no other may.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-TW")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Shop], str]]:
    """Starts the given shop and gives its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(shop: Shop) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(shop.app(), log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        server.force_exit = True
        thread.join(30)
