"""Addresses in inline scripts, whole, escaped and in pieces."""

from __future__ import annotations

import pytest

from gateway.enforcement.loader import addresses, loads, without
from gateway.enforcement.url import Target

LOADED = [
    pytest.param(b's.src="https://cdn.example/x.js"', "cdn.example", "/x.js", id="whole"),
    pytest.param(b"s.src='//cdn.example/x.js'", "cdn.example", "/x.js", id="protocol-relative"),
    pytest.param(rb's.src="https:\/\/cdn.example\/x.js"', "cdn.example", "/x.js", id="escaped slashes"),
    pytest.param(b'p+".cdn.example/x.js"', "cdn.example", "/x.js", id="first label elsewhere"),
    pytest.param(b'"http"+"cdn.example/x.js"', "cdn.example", "/x.js", id="scheme elsewhere"),
    pytest.param(b'"<script src=//cdn.example/x.js>"', "cdn.example", "/x.js", id="unquoted in markup"),
    pytest.param(b"`https://CDN.example:8443/x.mjs?v=1`", "cdn.example", "/x.mjs?v=1", id="port and case"),
    pytest.param(b'import "https://m.example/m"', "m.example", "/m", id="module"),
    pytest.param(b"import a from 'https://m.example/m'", "m.example", "/m", id="module with a name"),
    pytest.param(b"new WebSocket('wss://w.example/w')", "w.example", "/w", id="socket"),
    pytest.param(b"fetch(`https://f.example/f`)", "f.example", "/f", id="fetched"),
    pytest.param(b'i.src="https://p.example/p.gif?u="', "p.example", "/p.gif?u=", id="pixel"),
    pytest.param(b's.src = d.location.protocol + "//p.example/marker/"', "p.example", "/marker/", id="after a scheme"),
    pytest.param(b'var host = "p.example"; write("<script src=//" + host)', "p.example", "/", id="a host for later"),
]


@pytest.mark.parametrize(("script", "host", "path"), LOADED)
def test_an_address_that_is_loaded_is_seen(script: bytes, host: str, path: str) -> None:
    assert (Target(host, path), True) in list(addresses(script))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(b'location.href="https://www.example.com/shop"', id="link"),
        pytest.param(b'var home = "https://www.example.com/"', id="home page"),
        pytest.param(b"x" * 9000 + b'"https://www.example.com/watch?v=1"', id="data in a long script"),
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


def closed(url: str) -> bool:
    return "tracker" in url


@pytest.mark.parametrize(
    ("script", "left", "taken"),
    [
        pytest.param(
            rb'var urls = ["\/\/a.test\/1.js","\/\/tracker.test\/2.js?a=1\u0026b=2", "https:\/\/b.test/3.js"];',
            rb'var urls = ["\/\/a.test\/1.js","https:\/\/b.test/3.js"];',
            ["//tracker.test/2.js?a=1&b=2"],
            id="one of three",
        ),
        pytest.param(
            b"['//tracker.test/1', '//tracker.test/2']",
            b"[]",
            ["//tracker.test/1", "//tracker.test/2"],
            id="all",
        ),
        pytest.param(b'["//a.test/1",  "//b.test/2"]', b'["//a.test/1",  "//b.test/2"]', [], id="none: not a byte"),
        pytest.param(b'["//tracker.test/1"]', b'["//tracker.test/1"]', [], id="no list"),
        pytest.param(b'["//tracker.test/1", x]', b'["//tracker.test/1", x]', [], id="not only addresses"),
    ],
)
def test_a_list_of_addresses_is_freed_of_the_closed_ones(script: bytes, left: bytes, taken: list[str]) -> None:
    assert without(script, closed) == (left, taken)


@pytest.mark.parametrize("script", [b"e.src='//t.test/js/'+id", b'"https://t.test".concat("/", x)'])
def test_an_address_that_goes_on_in_a_variable_is_loaded(script: bytes) -> None:
    assert [loaded for _, loaded in addresses(script)] == [True]
