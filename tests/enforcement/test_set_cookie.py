import pytest

from gateway.enforcement.set_cookie import Variant, expiry, parse_set_cookie

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("line", "variant"),
    [
        pytest.param(b"a=1", Variant("", "/shop"), id="host alone, directory of the request"),
        pytest.param(
            b"a=1; Domain=.Shop.TW; Path=/x", Variant("shop.tw", "/x"), id="leading dot, upper case"
        ),
        pytest.param(b"a=1;path=/x;PATH=/y", Variant("", "/y"), id="the last attribute counts"),
        pytest.param(b"a=1; Path=x", Variant("", "/shop"), id="relative path"),
        pytest.param(b"a=1 ; Partitioned ; Secure", Variant("", "/shop", True), id="partitioned"),
        pytest.param(b"a=1; Domain=shop tw", None, id="domain with a space"),
        pytest.param(b"a=1; Path=/" + b"x" * 300, None, id="very long path"),
        pytest.param(b"a=1; Path=/\xe9", None, id="path that is not ASCII"),
    ],
)
def test_where_a_cookie_lives(line: bytes, variant: Variant | None) -> None:
    assert parse_set_cookie(line, "/shop/cart").variant == variant


def test_the_directory_of_a_page_at_the_top_is_the_root() -> None:
    assert parse_set_cookie(b"a=1", "/cart").variant == Variant("", "/")


@pytest.mark.parametrize(
    ("attributes", "deletes"),
    [
        (b"", False),
        (b"; Max-Age=0", True),
        (b"; max-age = -1", True),
        (b"; Max-Age=1", False),
        (b"; Max-Age=", False),
        (b"; Max-Age=0x", False),
        (b"; Max-Age=0; Max-Age=9", False),
        (b"; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        (b"; Expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        (b"; Expires=Thu, 01-Jan-70 00:00:00 GMT", True),
        (b"; Expires=Fri, 01 Jan 2100 00:00:00 GMT", False),
        (b"; Expires=Tue, 14 Nov 2023 20:00:00 GMT", False),
        (b"; Expires=yesterday", False),
        (b"; Expires=Thu, 99 Jan 1970 00:00:00 GMT", False),
        (b"; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=soon", False),
    ],
)
def test_only_a_line_that_surely_deletes_is_a_deletion(attributes: bytes, deletes: bool) -> None:
    assert parse_set_cookie(b"_ga=1" + attributes, "/").deletes(NOW) is deletes


HOST = "www.shop.tw"


@pytest.mark.parametrize(
    ("name", "variant", "scheme", "line"),
    [
        pytest.param(b"_ga", Variant("", "/"), "http", b"_ga=; Max-Age=0; Path=/", id="plain"),
        pytest.param(b"_ga", Variant("", "/"), "https", b"_ga=; Max-Age=0; Path=/; Secure", id="over TLS"),
        pytest.param(
            b"_ga",
            Variant("shop.tw", "/a"),
            "http",
            b"_ga=; Max-Age=0; Path=/a; Domain=shop.tw",
            id="parent domain",
        ),
        pytest.param(b"_ga", Variant("shop.com", "/"), "http", b"", id="foreign domain"),
        pytest.param(b"_ga", Variant("op.tw", "/"), "http", b"", id="end of a name is no parent"),
        pytest.param(
            b"_ga",
            Variant("", "/", True),
            "https",
            b"_ga=; Max-Age=0; Path=/; Secure; Partitioned",
            id="partitioned",
        ),
        pytest.param(b"_ga", Variant("", "/", True), "http", b"", id="partitioned needs TLS"),
        pytest.param(b"__Secure-a", Variant("", "/"), "http", b"", id="__Secure- needs TLS"),
        pytest.param(
            b"__secure-a", Variant("", "/"), "wss", b"__secure-a=; Max-Age=0; Path=/; Secure", id="wss"
        ),
        pytest.param(
            b"__Host-a", Variant("", "/"), "https", b"__Host-a=; Max-Age=0; Path=/; Secure", id="__Host-"
        ),
        pytest.param(b"__Host-a", Variant("", "/a"), "https", b"", id="__Host- elsewhere than the root"),
        pytest.param(b"__Host-a", Variant(HOST, "/"), "https", b"", id="__Host- with a domain"),
        pytest.param(
            b"__Http-a",
            Variant("", "/"),
            "https",
            b"__Http-a=; Max-Age=0; Path=/; Secure; HttpOnly",
            id="__Http-",
        ),
        pytest.param(b"_ga\xe9", Variant("", "/"), "http", b"", id="name that is no token"),
        pytest.param(b"", Variant("", "/"), "http", b"", id="no name"),
    ],
)
def test_the_line_that_removes_a_cookie(name: bytes, variant: Variant, scheme: str, line: bytes) -> None:
    assert expiry(name, variant, HOST, scheme) == line
