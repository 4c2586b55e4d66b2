"""Browser families and kinds of device from real `User-Agent` lines."""

from __future__ import annotations

import pytest

from gateway.statistics.visitor import BROWSERS, DEVICES, Visitor

_MAC = b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_KIT = b"AppleWebKit/537.36 (KHTML, like Gecko)"
_PHONE = b"Mozilla/5.0 (Linux; Android 10; K)"
_IPHONE = b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("line", "browser", "device"),
    [
        (_MAC + b" " + _KIT + b" Chrome/140.0.0.0 Safari/537.36", "chrome", "desktop"),
        (_MAC + b" " + _KIT + b" Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "edge", "desktop"),
        (_MAC + b" " + _KIT + b" Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0", "other", "desktop"),
        (_MAC + b" AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "safari", "desktop"),
        (b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox", "desktop"),
        (_PHONE + b" " + _KIT + b" Chrome/140.0.0.0 Mobile Safari/537.36", "chrome", "phone"),
        (_PHONE + b" " + _KIT + b" SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "samsung", "phone"),
        (_PHONE + b" " + _KIT + b" Chrome/140.0.0.0 Safari/537.36", "chrome", "tablet"),
        (_IPHONE + b" Version/18.5 Mobile/15E148 Safari/604.1", "safari", "phone"),
        (_IPHONE + b" CriOS/140.0.0.0 Mobile/15E148 Safari/604.1", "chrome", "phone"),
        (_IPHONE + b" Mobile/15E148 Safari Line/15.9.0", "other", "phone"),
        (b"", "other", "desktop"),
        (b"\xff\x00 curl/8.0", "other", "desktop"),
    ],
)  # fmt: skip
def test_a_user_agent_becomes_one_of_few_families(line: bytes, browser: str, device: str) -> None:
    assert Visitor.of(line) == (browser, device)
    assert browser in BROWSERS
    assert device in DEVICES


def test_a_long_line_takes_no_time_to_speak_of() -> None:
    assert Visitor.of(b"Android" * 20_000).device == "tablet"
