"""The visit: polite, bounded, and of one site."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from gateway.scan.crawl import USER_AGENT, Answer, Crawl, Limits
from tests.proxy.servers import RawShop
from tests.scan.shop import HTML, Reply, Shop, page, to, visited

QUICK = Limits(pages=10, pause=0)


class Waiting:
    """A clock that only sleeping moves; `slept` are the seconds of each sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def crawl(start: str, limits: Limits = QUICK, waiting: Waiting | None = None) -> tuple[list[Answer], Crawl]:
    visit = Crawl(start, limits, clock=waiting.clock, sleep=waiting.sleep) if waiting else Crawl(start, limits)

    async def run() -> list[Answer]:
        return [answer async for answer in visit.answers()]

    return asyncio.run(run()), visit


def test_links_are_followed_once_each_breadth_first_under_our_own_name() -> None:
    shop = Shop({
        "/": page("<a href=/a><a href=/b#x>", "sid=1; Path=/"), "/a": page("<a href=/><a href=/c>"),
        "/b": page(""), "/c": page("c"),
    })  # fmt: skip
    with visited(shop) as url:
        answers, visit = crawl(f"{url}/")
    assert shop.asked == ["/robots.txt", "/", "/a", "/b", "/c"]
    assert shop.agents == {USER_AGENT}
    assert answers[0].cookies == [b"sid=1; Path=/"]
    assert [failure.partition(": ")[2] for failure in visit.failed] == ["no page, the answer was 200"]


def test_no_more_pages_are_visited_than_wanted() -> None:
    with visited(Shop({f"/{n}": page(f"<a href=/{n + 1}>") for n in range(9)})) as url:
        answers, _ = crawl(f"{url}/0", Limits(pages=3, pause=0))
    assert len(answers) == 3


def test_links_without_end_are_not_kept() -> None:
    many = "".join(f"<a href=/{n}>" for n in range(200))
    with visited(Shop({"/": page(many)})) as url:
        crawl(f"{url}/", replace(QUICK, pages=1))
        _, visit = crawl(f"{url}/", replace(QUICK, pages=2))
    assert len(visit._known) == 120


def test_no_more_bytes_of_a_page_are_read_than_wanted() -> None:
    with visited(Shop({"/": page("a" * 500_000)})) as url:
        answers, _ = crawl(f"{url}/", replace(QUICK, page_bytes=1000))
    assert answers[0].body == b"a" * 1000


def test_a_page_without_end_does_not_hold_the_visit_up() -> None:
    def script(connection: socket.socket, request: bytes, number: int) -> None:
        if request.startswith(b"GET /robots.txt"):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999999\r\n\r\n"
            connection.sendall(head + b"a" * 2000)
            shop.wait_for_hang_up(connection)

    with RawShop(script) as shop:
        answers, visit = crawl(f"{shop.url}/", replace(QUICK, page_bytes=1000, patience=30))
    assert [answer.body for answer in answers] == [b"a" * 1000]
    assert visit.failed == []


def test_the_visit_ends_when_its_time_is_over() -> None:
    with visited(Shop({"/": page("<a href=/a>"), "/a": page("a")})) as url:
        answers, _ = crawl(f"{url}/", Limits(pages=9, pause=30, seconds=20), Waiting())
        assert [answer.url for answer in answers] == [f"{url}/", f"{url}/a"]
        answers, visit = crawl(f"{url}/", replace(QUICK, seconds=0))
        assert (answers, visit.excuse) == ([], f"{url}/: no page")


def test_there_is_a_pause_between_two_pages() -> None:
    waiting = Waiting()
    with visited(Shop({"/": page("<a href=/a><a href=/b>"), "/a": page("a"), "/b": page("b")})) as url:
        crawl(f"{url}/", Limits(pages=3, pause=15), waiting)
    assert waiting.slept == [0, 15, 15]


def test_a_pause_is_really_waited_for() -> None:
    shop = Shop({"/": page("<a href=/a>"), "/a": page("a")})

    async def run(url: str) -> float:
        clock = asyncio.get_running_loop().time
        times = [clock() async for _ in Crawl(f"{url}/", Limits(pages=2, pause=0.2)).answers()]
        return times[1] - times[0]

    with visited(shop) as url:
        assert asyncio.run(run(url)) >= 0.2


def test_robots_txt_is_honoured_and_its_pause_too() -> None:
    rules = b"User-agent: *\nDisallow: /a\nCrawl-delay: 7"
    waiting = Waiting()
    shop = Shop({"/": page("<a href=/a><a href=/b>"), "/b": page("b"), "/robots.txt": (200, [], rules)})
    with visited(shop) as url:
        _, visit = crawl(f"{url}/", waiting=waiting)
    assert shop.asked == ["/robots.txt", "/", "/b"]
    assert visit.forbidden == 1
    assert waiting.slept == [0, 7]


def test_robots_txt_may_be_elsewhere_on_the_site() -> None:
    rules: Reply = (200, [], b"User-agent: *\nDisallow: /")
    closed = Shop({"/": page("a"), "/robots.txt": to("/r"), "/r": rules})
    with visited(closed) as url:
        answers, visit = crawl(f"{url}/")
    assert (answers, visit.excuse) == ([], f"{url}/: robots.txt forbids the visit")
    with visited(Shop({"/": page("a"), "/robots.txt": to("http://other.test/r")})) as url:
        assert len(crawl(f"{url}/")[0]) == 1
    shop = Shop({"/": page("a"), "/robots.txt": to("/robots.txt?1"), "/robots.txt?1": to("/robots.txt")})
    with visited(shop) as url:
        assert len(crawl(f"{url}/")[0]) == 1
    assert len(shop.asked) == 6


def test_a_redirect_is_followed_on_the_site_and_not_beyond() -> None:
    shop = Shop({"/": to("/zh/"), "/zh/": page("<a href=/out><a href=/nowhere>"), "/out": to("//other.test/x"),
                 "/nowhere": (302, [], b"")})  # fmt: skip
    with visited(shop) as url:
        answers, visit = crawl(f"{url}/")
    assert [answer.status for answer in answers] == [302, 200, 302, 302]
    assert visit.failed[0] == f"{url}/out: leads to another site, http://other.test/x"


def test_a_shop_that_cannot_be_read_has_an_excuse() -> None:
    broken: Reply = (200, [(b"content-encoding", b"gzip")], b"not gzip")
    with visited(Shop({"/": page("a"), "/robots.txt": broken})) as url:
        answers, visit = crawl(f"{url}/")
    assert answers == []
    assert visit.excuse.startswith(f"{url}/robots.txt: ")
    with visited(Shop({})) as url:
        _, visit = crawl(f"{url}/")
    assert visit.excuse == f"{url}/: no page, the answer was 404"


def test_a_page_that_breaks_is_left_out() -> None:
    broken = (200, [*HTML, (b"content-encoding", b"gzip")], b"not gzip")
    with visited(Shop({"/": page("<a href=/a>"), "/a": broken})) as url:
        answers, visit = crawl(f"{url}/")
    assert len(answers) == 1
    assert visit.failed[0].startswith(f"{url}/a: ")


@pytest.mark.parametrize(
    ("status", "content_type", "body", "html"),
    [
        (200, b"text/html", b"<p>a", b"<p>a"),
        (200, b"", b"<!doctype html><p>a", b"<!doctype html><p>a"),
        (200, b"", b"plain", b""),
        (200, b"application/json", b"<p>", b""),
        (404, b"text/html", b"<p>", b""),
        (200, b"text/html; charset=utf-16le", "<p>a".encode("utf-16le"), b"<p>a"),
    ],
    ids=["html", "sniffed", "no html", "json", "an error", "utf-16"],
)
def test_only_pages_are_looked_at(status: int, content_type: bytes, body: bytes, html: bytes) -> None:
    headers = [(b"content-type", content_type)] if content_type else []
    assert Answer("http://shop.test/", status, headers, body).html == html
