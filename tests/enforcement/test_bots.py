"""Declared crawlers."""

from __future__ import annotations

import pytest

from gateway.enforcement.bots import is_declared_bot


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        (b"Mozilla/5.0 (compatible; bingbot/2.0)", True),
        (b"facebookexternalhit/1.1", True),
        (b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari/537.36", False),
        (b"Mozilla/5.0 (Linux; Android 9; CUBOT X19) Mobile", False),
        (b"", False),
    ],
)
def test_a_crawler_is_told_by_what_it_says(agent: bytes, expected: bool) -> None:
    assert is_declared_bot(agent) is expected
