"""What a value must look like, with the hostile ones."""

from __future__ import annotations

import pytest

from gateway.config import checks
from gateway.config.checks import Check

GOOD: dict[str, tuple[Check, list[str]]] = {
    "upstream": (
        checks.UPSTREAM,
        ["http://127.0.0.1:8000", "https://shop.example/", "http://[::1]:80/000489/", "http://shop"],
    ),
    "page": (checks.PAGE, ["https://policies.google.com/privacy?hl=en#x", "http://a"]),
    "prefix": (checks.PREFIX, ["/_choices", "/000489/_choices", "/a.b~c-d"]),
    "scope": (checks.SCOPE, ["/", "/000489/", "/mall/a.b/", "mall.example/000489/", "mall.example/", "10.0.0.1/a/"]),
    "parameter": (checks.PARAMETER, ["gclid", "utm_*", "_ga", "x.y", "編號"]),
    "logo": (checks.LOGO, ["/media/logo.svg", "/標誌.png"]),
    "path": (checks.PATH, ["/", "/checkout", "/checkout/", "/結帳"]),
    "host": (
        checks.HOST,
        ["example.com", "a-b.example", "xn--fiq228c.tw", "localhost", "10.0.0.1", "::1", "_x.a"],
    ),
    "service host": (checks.SERVICE_HOST, ["example.com", "=www.example.com"]),
    "service url": (checks.SERVICE_URL, ["facebook.com/tr", "/matomo.js", "=a.example/x*y", "a.example/"]),
    "network": (checks.NETWORK, ["10.0.0.0/8", "10.0.0.1", "::1", "fd00::/8"]),
    "date": (checks.DATE, ["2026-01-31", "2024-02-29"]),
    "mark": (checks.MARK, [r"\bfbq\(", "_paq"]),
    "database": (checks.DATABASE, ["sqlite:///a.sqlite", "sqlite:////srv/a.sqlite", "postgresql://u:p@h:6432/d", "postgresql:///d?host=/run"]),
    "word": (checks.WORD, ["x"]),
}
BAD: dict[str, tuple[Check, list[str]]] = {
    "upstream": (
        checks.UPSTREAM,
        [
            *(
                "",
                "shop.example",
                "ftp://shop",
                "http://",
                "http://u:p@shop",
                "http://shop?x",
                "http://shop#x",
            ),
            *(
                "http://shop:0",
                "http://shop:99999",
                "http://shop:x",
                "http://[::1",
                "http://a b",
                "http://a\\b",
            ),
        ],
    ),
    "page": (checks.PAGE, ["", "/privacy", "javascript:alert(1)", "https://", "https://[", "https://a b"]),
    "prefix": (
        checks.PREFIX,
        ["", "/", "choices", "/a/", "//a", "/a//b", "/a/../b", "/.", "/a b", "/a?b", "/%2e", "/é"],
    ),
    "scope": (
        checks.SCOPE,
        ["", "000489", "/000489", "000489//", "//", "/a//b/", "/a/../b/", "/a b/", "/%61/", "http://a.example/b/",
         "Mall.example/a/", "a.example:80/b/"],
    ),
    "parameter": (checks.PARAMETER, ["", "*", "a b", "a=b", "a&b", "u*m", "a**", "a%20"]),
    "logo": (checks.LOGO, ["", "logo.svg", "https://cdn.example/l.svg", "//cdn.example/l.svg", "/l.svg?v=1", "data:,"]),
    "path": (checks.PATH, ["", "a", "//a", "/a?b", "/a#b", "/a b", "/a/../b", "/./a", "/a\\b"]),
    "host": (
        checks.HOST,
        [
            *("", "Example.com", "a.com:80", "http://a.com", "a.com/", "a..b", ".a.com", "a.com.", "-a.com"),
            *("商店.tw", "a_b!.com", "x" * 64, ".".join(["abcdefg"] * 40), "*.a.com", "a.com\n"),
        ],
    ),
    "service host": (checks.SERVICE_HOST, ["=", "==a.com", "https://a.com"]),
    "service url": (checks.SERVICE_URL, ["a.com", "/", "https://a.com/x", "a.com/x y", ""]),
    "network": (checks.NETWORK, ["", "10.0.0.1/8", "10.0.0.0/33", "proxy", "10.0.0", "10.0.0.0/8 "]),
    "date": (checks.DATE, ["", "2026-02-29", "20260101", "2026-1-1", "2026-01-01T00:00"]),
    "mark": (checks.MARK, ["(", "", "a*", r"(?=x)"]),
    "database": (checks.DATABASE, ["", "sqlite:///", "postgresql://h:99999/d", "postgresql://[h/d", "/srv/a"]),
    "word": (checks.WORD, [""]),
}


@pytest.mark.parametrize(
    ("check", "value"),
    [
        pytest.param(check, value, id=f"{name} {value}")
        for name, (check, good) in GOOD.items()
        for value in good
    ],
)
def test_a_good_value_passes(check: Check, value: str) -> None:
    assert check.holds(value)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        pytest.param(check, value, id=f"{name} {value[:70]!r}")
        for name, (check, bad) in BAD.items()
        for value in bad
    ],
)
def test_a_bad_value_is_caught(check: Check, value: str) -> None:
    assert not check.holds(value)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://stats.example/in?shop=1", True),
        ("http://127.0.0.1:9000/in", True),
        ("http://[::1]:9000/in", True),
        ("http://localhost/in", True),
        ("http://stats.example/in", False),
        ("https://user:pass@stats.example/", False),
        ("https:///in", False),
        ("ftp://127.0.0.1/", False),
        ("https://stats.example:0/", False),
        ("https://stats.example:x/", False),
        ("https://stats.example/ in", False),
    ],
)
def test_statistics_are_sent_on_over_https_or_on_this_machine(url: str, good: bool) -> None:
    assert checks.PUSH.holds(url) == good
