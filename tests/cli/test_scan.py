"""The command `scan`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gateway.cli import main
from tests.scan.shop import Shop, page, visited

SHOP = {"/": page("<script src=https://www.googletagmanager.com/gtag/js></script>", "uid_84210=1")}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("text", ["Google Analytics", "waits", "uid_*", "1 page read"]),
        ("toml", ["[[services]]\n", 'id = "google-analytics"  # Google Analytics: ', '# name = "uid_*"']),
        ("json", ['"google-analytics"']),
    ],
)
def test_what_was_found_is_printed(form: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with visited(Shop(SHOP)) as url:
        assert main(["scan", url, "--pages", "1", "--format", form]) == 0
    output = capsys.readouterr().out
    for word in words:
        assert word in output
    if form == "json":
        assert json.loads(output)["pages"] == 1


def test_a_shop_that_does_not_answer_is_exit_code_1() -> None:
    command = [sys.executable, "-m", "gateway", "scan", "localhost:1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Nothing could be scanned: https://localhost:1/robots.txt: " in done.stderr


def test_a_shop_without_pages_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with visited(Shop({})) as url:
        assert main(["scan", url]) == 1
    assert capsys.readouterr().err.endswith(f"{url}: no page, the answer was 404\n")


@pytest.mark.parametrize("argv", [["ftp://shop.example"], ["http://"], ["a", "--pages", "0"], ["a", "--format", "x"]])
def test_wrong_usage_is_exit_code_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", *argv]) == 2
    assert "Usage: consent-gateway scan" in capsys.readouterr().err


def test_a_missing_browser_package_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with visited(Shop(SHOP)) as url:
        assert main(["scan", url, "--pages", "1", "--browser"]) == 2
    assert "pip install playwright" in capsys.readouterr().err
