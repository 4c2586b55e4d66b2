"""What a page loads, and what the gateway would do with it."""

from __future__ import annotations

import pytest

from gateway.enforcement.url import Base
from gateway.model.categories import Fate
from gateway.model.service import Service
from gateway.scan.recorder import INLINE, RUN_TIME, Recorder, Sighting, base_of
from tests.scan.shop import CATALOGUE, CLOUD, COUNTER, MAP

PAGE = "https://www.shop.test/a/b"
KEEP, HOLD, REMOVE = Fate.KEEP, Fate.HOLD, Fate.REMOVE


def recorder() -> Recorder:
    return Recorder(CATALOGUE, lambda host: host == "shop.test" or host.endswith(".shop.test"))


def seen(html: str) -> set[Sighting]:
    scan = recorder()
    scan.page(PAGE, html.encode())
    return scan.seen


@pytest.mark.parametrize(
    ("html", "sighting"),
    [
        ("<script src=//counter.test/a.js></script>", ("counter.test", "script", COUNTER, HOLD, HOLD)),
        ("<script src=/js/counter.js></script>", ("www.shop.test", "script", COUNTER, HOLD, HOLD)),
        ("<script src=//cloud.test/a.js></script>", ("cloud.test", "script", CLOUD, KEEP, KEEP)),
        ("<iframe src=//map.test/></iframe>", ("map.test", "frame", MAP, KEEP, HOLD)),
        ("<script src=//x.test/a.js></script>", ("x.test", "script", None, KEEP, REMOVE)),
        ("<img src=//x.test/a.jpg>", ("x.test", "image", None, KEEP, KEEP)),
        ("<noscript><img src=//x.test/a></noscript>", ("x.test", "pixel", None, HOLD, HOLD)),
        ("<p style='background: url(//x.test/a.jpg)'>", ("x.test", "image", None, KEEP, KEEP)),
        ("<script>count(1)</script>", ("", INLINE, COUNTER, HOLD, HOLD)),
        ("<script>count(1); map(1)</script>", ("", INLINE, MAP, KEEP, HOLD)),
        ("<base href=//x.test/><script src=a.js></script>", ("x.test", "script", None, KEEP, REMOVE)),
    ],
)
def test_uses_of_others_are_noted(html: str, sighting: tuple[str, str, Service | None, Fate, Fate]) -> None:
    assert Sighting(*sighting, PAGE) in seen(html)


@pytest.mark.parametrize(
    "html",
    [
        "<script src=a.js></script><script>shop()</script><img src=https://shop.test/i>",
        "<base href=/x/><script src=a.js></script>",
        "<base href=/a/><script src=a.js></script>",
        "<a href=//x.test/>link</a><script src=data:,a></script>",
        "<script src=https:///></script>",
    ],
)
def test_the_shops_own_is_not_noted(html: str) -> None:
    assert seen(html) == set()


def test_relative_addresses_are_those_of_the_page() -> None:
    assert base_of("https://Shop.test:8443/a/b?c/d") == Base("https", "shop.test", "/a/")
    assert base_of("https://shop.test") == Base("https", "shop.test", "/")


def test_a_request_at_run_time_is_judged_mildly() -> None:
    scan = recorder()
    for url in ("https://counter.test/x", "https://x.test/collect", "https://shop.test/a.js", "data:,a"):
        scan.run_time(PAGE, url)
    assert scan.seen == {
        Sighting("counter.test", RUN_TIME, COUNTER, HOLD, HOLD, PAGE),
        Sighting("x.test", RUN_TIME, None, KEEP, KEEP, PAGE),
    }
