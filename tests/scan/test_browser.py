"""Pages in a real Chromium."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.scan.browser import browse, executable
from tests.scan.shop import Shop, page, visited

pytest.importorskip("playwright")
needs_chromium = pytest.mark.skipif(executable() is None, reason="there is no chromium")


@pytest.mark.browser
@needs_chromium
def test_requests_and_cookies_made_at_run_time_are_seen() -> None:
    late = "setTimeout(() => { new Image().src = '/late.gif' }, 50)"
    shop = Shop({"/": page(f"<script>document.cookie = '_count=1'; {late}</script>"), "/b": page("b")})
    requests: set[tuple[str, str]] = set()
    opened = []
    with visited(shop) as url:
        cookies = asyncio.run(
            browse(
                [f"{url}/", f"{url}/b", "http://localhost:1/"],
                lambda page, asked: requests.add((page, asked)),
                late=1.5,
                on_page=lambda: opened.append(1),
            )
        )
    assert (f"{url}/", f"{url}/late.gif") in requests
    assert (f"{url}/b", f"{url}/b") in requests
    assert cookies == [("_count", "localhost")]
    assert len(opened) == 3


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(ConfigError, match="pip install playwright"):
        asyncio.run(browse([], lambda page, url: None))


@pytest.mark.browser
def test_a_browser_that_does_not_start_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="install chromium"):
        asyncio.run(browse([], lambda page, url: None, chromium=str(tmp_path / "absent")))


def test_the_systems_browser_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert executable() is None
    program = tmp_path / "google-chrome"
    program.write_text("")
    program.chmod(0o755)
    assert executable() == str(program)
