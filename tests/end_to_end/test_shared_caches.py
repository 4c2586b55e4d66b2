"""Two visitors and two members behind real shared caches: nobody sees a page made for somebody else (R-51, S17)."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.config.keys import Secret
from gateway.config.settings import Settings
from gateway.types import Receive, Scope, Send
from tests.nginx.server import needs_nginx, nginx
from tests.proxy.servers import serve as running

pytestmark = needs_nginx

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; {user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache keys_zone=pages:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection "";
      proxy_cache pages; proxy_cache_key $request_uri; proxy_cache_valid any 10m; proxy_cache_lock on;
      proxy_cache_revalidate on; proxy_cache_use_stale error timeout updating http_500 http_502;
      proxy_cache_background_update on; proxy_force_ranges on;
      add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""


class Shop:
    """A careless one: everything is public for an hour, whoever is signed in."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode()
        member = next((part[7:] for part in cookies.split("; ") if part.startswith("member=")), "nobody")
        script = scope["path"] == "/sw.js"
        body = "self.onfetch = null" if script else PAGE.format(member)
        headers = [
            (b"content-type", b"text/javascript" if script else b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"public, max-age=3600, s-maxage=3600, stale-while-revalidate=600"),
            (b"expires", b"Tue, 01 Jan 2030 10:00:00 GMT"),
            (b"cdn-cache-control", b"max-age=3600"),
            (b"surrogate-control", b"max-age=3600"),
            (b"x-accel-expires", b"3600"),
            (b"age", b"5"),
            (b"etag", b'"1"'),
            (b"last-modified", b"Sat, 01 Aug 2026 10:00:00 GMT"),
            (b"accept-ranges", b"bytes"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body.encode()})


PAGE = (
    "<!doctype html><html><body><p>Hello {}</p>"
    '<img src="https://www.facebook.com/tr?id=1" width="1" height="1"></body></html>'
)
TAGGED = b' src="https://www.facebook.com/tr'


@contextmanager
def cache(folder: Path, upstream: int) -> Iterator[int]:
    """A shared cache that keeps whatever it is not told to leave, for an hour; its port."""
    folder.mkdir()
    with nginx(folder, upstream, CONFIGURATION) as port:
        yield port


class Answer:
    """What one request got."""

    def __init__(self, port: int, path: str, method: str = "GET", body: str = "", **headers: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, {"Host": "shop.example", **named})
        response = connection.getresponse()
        self.status, self.headers, self.body = response.status, response.headers, response.read()
        connection.close()


Town = Callable[[str], int]
"""From where the cache stands ("front", "between", "alone") to the port that visitors ask."""


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def town(tmp_path: Path, shop: Shop) -> Iterator[Town]:
    with ExitStack() as stack:

        def start(cached: str) -> int:
            upstream = stack.enter_context(running(shop, lifespan="off"))
            if cached in ("alone", "between"):
                upstream = stack.enter_context(cache(tmp_path / "cache", upstream))
            if cached == "alone":
                return upstream
            database = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
            address = f"http://127.0.0.1:{upstream}"
            settings = Settings(folder=tmp_path, database=database, keys=(Secret(b"k" * 32),), upstream=address)
            gateway = stack.enter_context(running(create_app(settings), lifespan="on"))
            return stack.enter_context(cache(tmp_path / "cache", gateway)) if cached == "front" else gateway

        yield start


def choice(port: int, action: str) -> str:
    form = "application/x-www-form-urlencoded"
    answer = Answer(port, "/_choices/choice", "POST", f"action={action}&rev=1&return=/", Content_Type=form)
    assert answer.status == 303
    lines = answer.headers.get_all("set-cookie") or []
    return next(line.partition(";")[0] for line in lines if line.startswith("consent="))


def test_such_a_cache_mixes_members_up_where_nothing_stands_before_the_shop(town: Town) -> None:
    port = town("alone")
    Answer(port, "/", Cookie="member=ann")
    assert b"Hello ann" in Answer(port, "/", Cookie="member=ben").body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_cache_before_the_gateway_keeps_no_page(town: Town, method: str) -> None:
    port = town("front")
    yes, no = choice(port, "accept"), choice(port, "refuse")
    for _ in range(2):
        for cookie, tagged in ((yes, True), (no, False), ("a=b", False)):
            assert Answer(port, "/", method, Cookie=cookie).headers["x-cache"] == "MISS"
            assert (TAGGED in Answer(port, "/", Cookie=cookie).body) is tagged
            assert (TAGGED in Answer(port, "/", Cookie=cookie, Range="bytes=0-9999").body) is tagged
        for member in ("ann", "ben"):
            for choose in (yes, no):
                assert f"Hello {member}<".encode() in Answer(port, "/", Cookie=f"member={member}; {choose}").body


def test_such_a_cache_keeps_what_is_no_page(town: Town, shop: Shop) -> None:
    port = town("front")
    for _ in range(3):
        worker = Answer(port, "/sw.js", Sec_Fetch_Dest="serviceworker", Service_Worker="script")
        assert (worker.status, worker.body) == (200, b"self.onfetch = null")
        assert worker.headers["etag"] == '"1"'
    assert worker.headers["x-cache"] == "HIT"
    assert shop.asked == 1


def test_a_cache_between_gateway_and_shop_serves_everybody_his_own_page(town: Town, shop: Shop) -> None:
    port = town("between")
    yes, no = choice(port, "accept"), choice(port, "refuse")
    for _ in range(2):
        assert TAGGED in Answer(port, "/", Cookie=yes).body
        assert TAGGED not in Answer(port, "/", Cookie=no).body
        assert TAGGED not in Answer(port, "/", Cookie=no, If_None_Match='"1"').body
    assert shop.asked == 1, "the shop's page came from the cache, and was rewritten for each"


@pytest.mark.parametrize("action", ["accept", "refuse"])
@pytest.mark.parametrize("asked", ["GET", "HEAD", "Range", "If-None-Match", "If-Modified-Since"])
def test_no_line_invites_a_cache_to_keep_a_page_or_a_browser_to_validate_it(
    town: Town, action: str, asked: str
) -> None:
    port = town("between")
    cookie = choice(port, action)
    conditions = {"Range": "bytes=0-9", "If-None-Match": '"1"', "If-Modified-Since": "Sat, 01 Aug 2026 10:00:00 GMT"}
    extra = {asked: conditions[asked]} if asked in conditions else {}
    for _ in range(2):
        answer = Answer(port, "/", "HEAD" if asked == "HEAD" else "GET", Cookie=cookie, **extra)
        assert answer.status == 200
        assert answer.headers.get_all("cache-control") == [
            "private, no-cache, no-store" if action == "accept" else "private, no-cache"
        ]
        assert {"cookie", "sec-gpc", "dnt"} <= set(answer.headers["vary"].lower().split(", "))
        lines = {"age", "etag", "last-modified", "expires", "accept-ranges", "surrogate-control"}
        lines |= {"cdn-cache-control", "x-accel-expires"}
        assert lines & {name.lower() for name in answer.headers} == set()


def test_a_browser_that_holds_the_tagged_page_gets_the_clean_one(town: Town) -> None:
    port = town("between")
    assert TAGGED in Answer(port, "/", Cookie=choice(port, "accept")).body
    answer = Answer(port, "/", Cookie=choice(port, "refuse"), If_None_Match='"1"')
    assert answer.status == 200
    assert TAGGED not in answer.body
