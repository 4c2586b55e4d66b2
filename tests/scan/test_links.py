"""Which links a visit follows."""

from __future__ import annotations

import pytest

from gateway.scan.links import joined, links

HERE = "https://www.shop.example/a/b?c=d"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<a href=c>", ["https://www.shop.example/a/c"]),
        ("<A class=x HREF='/c?d=1&amp;e=2#f'>", ["https://www.shop.example/c?d=1&e=2"]),
        ("<area href=//shop.example/c>", ["https://shop.example/c"]),
        ("<base href=/x/><a href=c>", ["https://www.shop.example/x/c"]),
        ("<base><a href=c>", ["https://www.shop.example/a/c"]),
        ("<base href=mailto:a><a href=c>", ["https://www.shop.example/a/c"]),
        ("<a href=/c rel='me NoFollow'>", []),
        ("<a name=c>", []),
        ("<abbr href=/c>", []),
        ("<a href=//other.example/>", []),
        ("<a href=https://www.shop.example:8443/>", []),
        ("<a href=mailto:a@shop.example>", []),
        ("<a href=https://[>", []),
        ("<a href=/c.PDF><a href=/c.jpg?d>", []),
        ("<a href=/logout><a href=/account/sign-out><a href=/?add-to-cart=7><a href=/cart/add/7>", []),
        ("<a href=/logouts-and-more>", ["https://www.shop.example/logouts-and-more"]),
        ("<a href=/c><a href=/d", ["https://www.shop.example/c"]),
    ],
)
def test_pages_of_the_same_site_are_followed(html: str, found: list[str]) -> None:
    assert list(links(HERE, html.encode())) == found


@pytest.mark.parametrize("href", ["ftp://shop.example/", "http://", "https://a:0/", "https://a:x/", "shop.example"])
def test_what_is_no_web_address_is_none(href: str) -> None:
    assert joined("", href) == ""
