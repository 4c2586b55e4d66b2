"""robots.txt is honoured."""

from __future__ import annotations

import pytest

from gateway.scan.robots import NOTHING, Robots

RULES = Robots(
    "User-agent: *\nDisallow: /private/\nDisallow: /*?sort=\nAllow: /private/open\nCrawl-delay: 3\n"
    "User-agent: consent-gateway-scan\nDisallow: /not-for-us\n"
)


@pytest.mark.parametrize(("path", "allowed"), [("/", True), ("/private/a", True), ("/not-for-us/a", False)])
def test_a_group_of_our_own_goes_before_everybodys(path: str, allowed: bool) -> None:
    assert RULES.allow(f"https://shop.example{path}") is allowed


@pytest.mark.parametrize(("path", "allowed"), [("/a?sort=up", False), ("/p/a", False), ("/p/open", True)])
def test_wildcards_and_exceptions_count(path: str, allowed: bool) -> None:
    rules = Robots("User-agent: *\nDisallow: /p/\nDisallow: /*?sort=\nAllow: /p/open")
    assert rules.allow(f"https://shop.example{path}") is allowed


@pytest.mark.parametrize(("status", "allowed"), [(200, False), (404, True), (403, True), (500, False), (503, False)])
def test_the_status_decides_what_no_rules_mean(status: int, allowed: bool) -> None:
    assert Robots.answered(status, b"User-agent: *\nDisallow: /").allow("https://shop.example/") is allowed


@pytest.mark.parametrize(("line", "pause"), [("", 0), ("Crawl-delay: 2.5", 2.5), ("Crawl-delay: 9999", 10)])
def test_the_pause_asked_for_is_kept_within_reason(line: str, pause: float) -> None:
    assert Robots(f"User-agent: *\n{line}\nDisallow: /x").pause == pause


def test_a_site_that_does_not_answer_allows_nothing() -> None:
    assert not NOTHING.allow("https://shop.example/")
