from __future__ import annotations

import pytest

from gateway.enforcement.site import is_first_party, registrable


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("www.example.com", "example.com", id="subdomain"),
        pytest.param("example.com", "example.com", id="the site itself"),
        pytest.param("a.b.shop.co.uk", "shop.co.uk", id="suffix of two labels"),
        pytest.param("shop.com.tw", "shop.com.tw", id="Taiwan"),
        pytest.param("shop.github.io", "shop.github.io", id="private suffix"),
        pytest.param("d111.cloudfront.net", "d111.cloudfront.net", id="cloud suffix"),
        pytest.param("co.uk", "co.uk", id="a suffix alone"),
        pytest.param("localhost", "localhost", id="single label"),
        pytest.param("WWW.Example.COM", "example.com", id="upper case"),
        pytest.param("www.example.com.", "example.com", id="trailing dot"),
        pytest.param("www.example.com:8443", "example.com", id="port"),
        pytest.param(" www.example.com ", "example.com", id="space around"),
        pytest.param("192.168.10.20", "192.168.10.20", id="IPv4"),
        pytest.param("192.168.10.20:80", "192.168.10.20", id="IPv4 with port"),
        pytest.param("[2001:db8::1]:443", "2001:db8::1", id="IPv6 in brackets"),
        pytest.param("2001:db8::1", "2001:db8::1", id="bare IPv6"),
        pytest.param("www.商店.台灣", "xn--czrs0t.xn--kpry57d", id="IDN"),
        pytest.param("www.xn--czrs0t.xn--kpry57d", "xn--czrs0t.xn--kpry57d", id="IDN in ASCII"),
        pytest.param("ü" * 70 + ".example", "ü" * 70 + ".example", id="a label too long for IDN"),
        pytest.param("", "", id="empty"),
        pytest.param(".", "", id="a dot"),
        pytest.param("a..b", "a..b", id="empty label"),
    ],
)
def test_a_host_has_a_site(host: str, expected: str) -> None:
    assert registrable(host) == expected


@pytest.mark.parametrize(
    ("host", "page", "extra", "expected"),
    [
        pytest.param("cdn.example.com", "www.example.com", (), True, id="same site"),
        pytest.param("EXAMPLE.com.", "www.example.com:8080", (), True, id="case, dot, port"),
        pytest.param("evil-example.com", "example.com", (), False, id="the name as a tail"),
        pytest.param("example.com.evil.net", "example.com", (), False, id="the name in front"),
        pytest.param("example.co", "example.com", (), False, id="another suffix"),
        pytest.param("a.github.io", "b.github.io", (), False, id="neighbours on a shared host"),
        pytest.param("a.co.uk", "b.co.uk", (), False, id="neighbours below a suffix"),
        pytest.param("10.0.0.1", "10.0.0.2", (), False, id="neighbouring addresses"),
        pytest.param("10.0.0.1", "10.0.0.1", (), True, id="same address"),
        pytest.param("1.0.0.1", "11.0.0.1", (), False, id="an address as a tail"),
        pytest.param("localhost", "localhost:3000", (), True, id="single label"),
        pytest.param("img.cdn.net", "example.com", ("cdn.net",), True, id="below an extra host"),
        pytest.param("CDN.net", "example.com", ("cdn.NET.",), True, id="an extra host, other spelling"),
        pytest.param("evilcdn.net", "example.com", ("cdn.net",), False, id="tail of an extra host"),
        pytest.param("cdn.net", "example.com", ("img.cdn.net",), False, id="above an extra host"),
        pytest.param("anything.net", "example.com", ("", "."), False, id="empty extra hosts mean nothing"),
        pytest.param("", "", (), False, id="no hosts at all"),
        pytest.param("www.xn--czrs0t.xn--kpry57d", "商店.台灣", (), True, id="IDN in both forms"),
    ],
)
def test_first_party_is_the_same_site_or_named(
    host: str, page: str, extra: tuple[str, ...], expected: bool
) -> None:
    assert is_first_party(host, page, extra) is expected


def test_the_cache_of_sites_is_bounded() -> None:
    assert registrable.cache_parameters()["maxsize"] == 8192
