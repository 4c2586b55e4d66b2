"""Addresses in inline scripts, whole, escaped and in pieces."""

from __future__ import annotations

import pytest

from gateway.enforcement.loader import addresses, loads
from gateway.enforcement.url import Target

LOADED = [
    pytest.param(b's.src="https://cdn.example/x.js"', "cdn.example", "/x.js", id="whole"),
    pytest.param(b"s.src='//cdn.example/x.js'", "cdn.example", "/x.js", id="protocol-relative"),
    pytest.param(rb's.src="https:\/\/cdn.example\/x.js"', "cdn.example", "/x.js", id="escaped slashes"),
    pytest.param(b'p+".cdn.example/x.js"', "cdn.example", "/x.js", id="first label elsewhere"),
    pytest.param(b'"http"+"cdn.example/x.js"', "cdn.example", "/x.js", id="scheme elsewhere"),
    pytest.param(b'unescape("%3Cscript src=%22//cdn.example/x.js%22")', "cdn.example", "/x.js", id="escaped"),
    pytest.param(b'"<script src=//cdn.example/x.js>"', "cdn.example", "/x.js", id="unquoted in markup"),
    pytest.param(b"`https://CDN.example:8443/x.mjs?v=1`", "cdn.example", "/x.mjs?v=1", id="port and case"),
    pytest.param(b'i.src="https://p.example/p.gif?u="', "p.example", "/p.gif?u=", id="pixel"),
]


@pytest.mark.parametrize(("script", "host", "path"), LOADED)
def test_an_address_that_is_loaded_is_seen(script: bytes, host: str, path: str) -> None:
    assert (Target(host, path), True) in list(addresses(script))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(b'location.href="https://www.example.com/shop"', id="link"),
        pytest.param(b'var home = "https://www.example.com/"', id="home page"),
        pytest.param(b"x" * 5000 + b'"https://www.example.com/watch?v=1"', id="data in a long script"),
    ],
)
def test_a_link_is_not_loaded(script: bytes) -> None:
    assert [loaded for _, loaded in addresses(script)] == [False]


def test_each_address_comes_once() -> None:
    assert len(list(addresses(b'"//a.example/x.js" "//a.example/x.js"'))) == 1


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (b"var s=document.createElement('script')", True),
        (b"document.write('x')", True),
        (b"navigator.sendBeacon(u)", True),
        (b"var a = 'https://cdn.example/x.js'", False),
    ],
)
def test_only_calls_that_load_make_a_loader(script: bytes, expected: bool) -> None:
    assert loads(script) is expected
