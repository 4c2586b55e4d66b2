"""What pages do at run time, seen by a real Chromium (needs the package `playwright`)."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, Problem

if TYPE_CHECKING:
    from playwright.async_api import Request

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_PATIENCE_MS = 20_000
_WHAT_COMES_LATE = 1.5
"""Seconds after a page has loaded in which tags that start late are still seen."""


def executable() -> str | None:
    """The system's Chromium or Chrome; None for the one playwright brings."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


async def browse(
    urls: Iterable[str],
    note: Callable[[str, str], None],
    *,
    chromium: str | None = None,
    late: float = _WHAT_COMES_LATE,
    on_page: Callable[[], None] = lambda: None,
) -> list[tuple[str, str]]:
    """Open each of `urls` in one fresh profile; `note(page, url)` hears of every request made there.

    `chromium` is the program to run, else what `executable` finds. Returns the cookies in the browser
    afterwards: (name, host). Raises ConfigError if playwright or the browser is missing.
    """
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError:
        raise ConfigError(
            [Problem("--browser", "playwright", "the package playwright: pip install playwright")]
        ) from None
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=chromium or executable(), args=list(_ARGUMENTS)
            )
        except Error:
            expected = "a Chromium that starts: install chromium, or run playwright install chromium"
            raise ConfigError([Problem("--browser", "chromium", expected)]) from None
        context = await browser.new_context(service_workers="block")
        for url in urls:
            page = await context.new_page()
            page.on("request", _noting(note, url))
            with contextlib.suppress(Error):  # what it asked for until then counts all the same
                await page.goto(url, wait_until="load", timeout=_PATIENCE_MS)
                await asyncio.sleep(late)
            await page.close()
            on_page()
        cookies = await context.cookies()
        await browser.close()
    return [(cookie.get("name", ""), cookie.get("domain", "").lstrip(".")) for cookie in cookies]


def _noting(note: Callable[[str, str], None], page: str) -> Callable[[Request], None]:
    def noted(request: Request) -> None:
        note(page, request.url)

    return noted
