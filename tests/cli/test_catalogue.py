"""`catalogue lookup`: what, and why."""

from __future__ import annotations

import pytest

from gateway.cli import main
from gateway.cli.catalogue import Finding, find
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.service import Service

COUNTER = Service(
    id="counter",
    name="Counter",
    category=Category.STATISTICS,
    hosts=("counter.example", "eu.counter.example", "=cdn.example"),
    urls=("counter.example/ads/", "shared.example/c*", "/counter.js"),
    cookies=("_count", "_count_*"),
)
CATALOGUE = Catalogue([COUNTER], ["sessionid"])


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("_count", "cookie _count"),
        ("_count_84210", "cookie _count_*"),
        ("https://counter.example/x?y=1", "host counter.example"),
        ("https://A.eu.Counter.example:8443/", "host eu.counter.example"),
        ("//cdn.example/x", "host =cdn.example"),
        ("counter.example", "host counter.example"),
        ("counter.example/x", "host counter.example"),
        ("https://counter.example/ads/1", "address counter.example/ads/"),
        ("https://www.shared.example/collect?x=1", "address shared.example/c*"),
        ("/static/counter.js?v=2", "a path known on any host"),
        ("https://shop.example/counter.js", "a path known on any host"),
    ],
)
def test_the_answer_says_why(asked: str, why: str) -> None:
    assert find(CATALOGUE, asked) == Finding(COUNTER, "statistics", why)


def test_the_allow_list_answers_without_a_service() -> None:
    assert find(CATALOGUE, "sessionid") == Finding(None, "necessary", "cookie on the frameworks' allow-list")


@pytest.mark.parametrize("asked", ["shop_cart", "https://shop.example/", "/cart", "https://[", "", "/"])
def test_the_unknown_has_no_answer(asked: str) -> None:
    assert find(CATALOGUE, asked) is None


def test_a_known_cookie_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "lookup", "_ga"]) == 0
    output = capsys.readouterr().out
    for words in ("Google Analytics", "statistics", "cookie _ga", "origin"):
        assert words in output


def test_an_allow_listed_cookie_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "lookup", "PHPSESSID"]) == 0
    assert "necessary" in capsys.readouterr().out


def test_something_unknown_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "lookup", "no-such-cookie-84210"]) == 1
    assert capsys.readouterr().err == "no-such-cookie-84210: unknown\n"
