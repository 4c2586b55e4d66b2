"""The system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ABSENT = CHROMIUM is None and os.environ.get("CI") != "true"
PATIENCE: Final = 30_000
"""Milliseconds a busy machine may need for what comes at once on an idle one; what is true is waited for no longer."""
expect.set_options(timeout=PATIENCE)
needs_chromium = pytest.mark.skipif(ABSENT, reason="no chromium on the path")


@contextmanager
def launched(*more: str, without: Sequence[str] = ()) -> Iterator[Browser]:
    """A Chromium with `more` arguments, and `without` some of Playwright's; skips where there is none."""
    if ABSENT:
        pytest.skip("no chromium on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, *more], ignore_default_args=list(without)
        )
        yield browser
        browser.close()


def until(page: Page, holds: Callable[[], object]) -> None:
    """Wait for something to be true, while the browser's events and requests are seen to."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)
