"""Two shops on one host, one of them behind the gateway's rules: the other notices nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.types import RawHeaders, Receive, Scope, Send
from tests.proxy.servers import serve as running
from tests.test_app import PAGE, Visitor, settings, visiting

OWN, NEIGHBOUR = "/000489/", "/000490/"
SENT = {
    "Cookie": "_fbp=1; consent=forged; sessionid=2;  odd",
    "X_Consent": "necessary=1;marketing=1",
    "X_Forwarded_For": "203.0.113.9",
    "Referer": "http://shop.example/000490/?gclid=1",
    "Sec_GPC": "1",
    "Accept_Encoding": "gzip",
    "If_None_Match": '"1"',
}
ANSWER: RawHeaders = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-length", str(len(PAGE)).encode()),
    (b"set-cookie", b"_fbp=9; Path=/; Max-Age=63072000"),
    (b"set-cookie", b"_ga=9; Domain=shop.example"),
    (b"etag", b'"1"'),
    (b"nel", b'{"report_to":"a","max_age":1}'),
    (b"cache-control", b"public, max-age=60"),
]


class Mall:
    """Keeps each request as it came: method, target and header lines."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes, bytes, RawHeaders]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append((scope["method"], scope["raw_path"], scope["query_string"], list(scope["headers"])))
        await send({"type": "http.response.start", "status": 200, "headers": list(ANSWER)})
        await send({"type": "http.response.body", "body": PAGE})


@pytest.fixture
def mall() -> Mall:
    return Mall()


@pytest.fixture
def visitor(tmp_path: Path, mall: Mall) -> Iterator[Visitor]:
    app = create_app(settings(tmp_path, scope=OWN, prefix=OWN + "_choices"), shop=mall)
    with visiting(app) as visitor:
        yield visitor


def direct(mall: Mall, path: str) -> tuple[list[tuple[str, str]], bytes]:
    """The answer without the gateway; the mall keeps that request too."""
    with running(mall, lifespan="off") as port:
        answer = Visitor(port).get(path, **SENT)
    return answer.headers, answer.body


@pytest.mark.parametrize(
    "path",
    [
        NEIGHBOUR + "goods?gclid=1&a=%2f",
        "/",
        "/0004890/?gclid=1",
        "/000489/../000490/",
        "/000489/%2e%2e/000490/?fbclid=1",
        "/000489%2f..%2f000490/",
        "/_choices/",
        "/matomo.js",
        "/.well-known/gpc.json",
    ],
)
def test_a_neighbour_gets_and_gives_the_same_bytes(visitor: Visitor, mall: Mall, path: str) -> None:
    answer = visitor.get(path, **SENT)
    headers, body = direct(mall, path)
    through, without = mall.requests
    assert through == without
    assert (answer.headers, answer.body) == (headers, body)
    assert body == PAGE


def test_the_shop_itself_is_behind_the_gateway(visitor: Visitor, mall: Mall) -> None:
    answer = visitor.get(OWN + "goods?gclid=1&a=%2f", **{**SENT, "Sec_GPC": "0"})
    (_, target, query, headers), *_ = mall.requests
    assert (target, query) == (b"/000489/goods", b"a=%2f")
    assert [value for name, value in headers if name == b"cookie"] == [b"sessionid=2;  odd"]
    assert [value for name, value in headers if name == b"x-consent"] == [
        b"necessary=1;preferences=0;statistics=0;marketing=0;src=none;rev=1"
    ]
    assert b"data-consent-banner" in answer.body
    assert b'name="return" value="/000489/goods?a=%2f"' in answer.body
    assert b'action="/000489/_choices/choice"' in answer.body


def test_the_choice_is_the_tenants_and_so_is_what_expires(visitor: Visitor) -> None:
    answer = visitor.post(OWN + "_choices/choice", "action=refuse", Cookie="_fbp=1; _ga=2")
    choice, *expired = answer.all("set-cookie")
    assert choice.startswith("consent=1.r.")
    assert "; Path=/000489/;" in choice
    assert expired
    assert all("; Path=/000489/" in line and "Domain" not in line for line in expired)
    assert answer.all("clear-site-data") == []
    again = visitor.get(OWN, Cookie=answer.cookie())
    assert b"data-consent-banner" not in again.body


def test_a_choice_made_at_another_tenant_is_none(visitor: Visitor, tmp_path: Path, mall: Mall) -> None:
    other = settings(tmp_path / "b", scope=NEIGHBOUR, prefix=NEIGHBOUR + "_choices")
    with visiting(create_app(other, shop=mall)) as neighbour:
        choice = neighbour.post(NEIGHBOUR + "_choices/choice", "action=refuse").cookie()
    assert b"data-consent-banner" in visitor.get(OWN, Cookie=choice).body


@pytest.mark.parametrize(("host", "inside"), [("mall.example", True), ("other.example", False)])
def test_a_scope_with_a_host_leaves_other_hosts_alone(tmp_path: Path, mall: Mall, host: str, inside: bool) -> None:
    values = settings(tmp_path, scope="mall.example/000489/", prefix="/000489/_choices")
    with visiting(create_app(values, shop=mall)) as visitor:
        assert (visitor.get(OWN, Host=host).body != PAGE) is inside


def test_neighbours_reach_a_shop_behind_the_proxy_too(tmp_path: Path, mall: Mall) -> None:
    with running(mall, lifespan="off") as port:
        upstream = f"http://127.0.0.1:{port}"
        values = settings(tmp_path, scope=OWN, prefix=OWN + "_choices", upstream=upstream)
        with visiting(create_app(values)) as visitor:
            answer = visitor.get(NEIGHBOUR + "%61?gclid=1", Cookie="_fbp=1", X_Consent="x")
    (_, target, query, headers), *_ = mall.requests
    assert (target, query) == (NEIGHBOUR.encode() + b"%61", b"gclid=1")
    assert (b"cookie", b"_fbp=1") in headers
    assert (b"x-consent", b"x") in headers
    assert answer.body == PAGE
    assert answer.all("set-cookie") == [value.decode() for name, value in ANSWER if name == b"set-cookie"]
