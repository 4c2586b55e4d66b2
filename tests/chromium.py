"""The system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

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
