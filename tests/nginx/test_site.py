"""The shipped site: what a visitor gets through nginx, TLS and HTTP/2, and what the shop sees of it."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.sync.client import connect

from gateway.enforcement.catalogue_data import load_catalogue
from tests.nginx.server import NGINX, needs_nginx
from tests.nginx.site import HOST, MAIN, SHIPPED, TRACKER, Shop, Site, certificate, front, placed, site
from tests.proxy.servers import RawShop
from tests.proxy.servers import serve as running
from tests.served import free_port, kill, wait_until

pytestmark = needs_nginx
OURS = "sessionid=7; csrftoken=x"
BOTH = f"_ga=GA1.2.3; {OURS}; _fbp=fb.1"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_asked(request: pytest.FixtureRequest) -> None:
    if "shop" in request.fixturenames:
        request.getfixturevalue("shop").shop.requests.clear()


def set_cookies(response: httpx2.Response) -> list[str]:
    """Cookies an answer gives, expired ones left out."""
    return [line for line in response.headers.get_list("set-cookie") if "Max-Age=0" not in line]


def chosen(shop: Site, action: str) -> httpx2.Response:
    headers = {"Origin": shop.origin, "Sec-Fetch-Site": "same-origin"}
    return shop.ask("POST", "/_choices/choice", headers=headers, data={"action": action, "rev": "1", "return": "/"})


def test_nginx_takes_the_files_as_they_are_shipped(tmp_path: Path) -> None:
    certificate(tmp_path)
    if os.geteuid() == 0:
        text = (SHIPPED / "site.conf").read_text("utf-8")
        for old, new in (("nginx/consent-gateway/", f"{SHIPPED}/"), ("letsencrypt/", f"{tmp_path}/")):
            text = text.replace(f"/etc/{old}", new)
        text = re.sub(r"/var/(cache|log)/nginx/", f"{tmp_path}/", text)
        main = MAIN.format(folder=tmp_path, user="user root;")
    else:
        text = placed(tmp_path, plain=8079).format(port=8078)
        main = MAIN.format(folder=tmp_path, user="")
    (tmp_path / "nginx.conf").write_text(main + text + "}")
    command = [str(NGINX), "-t", "-p", str(tmp_path), "-e", str(tmp_path / "log"), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_a_page_comes_over_http_2_compressed_and_without_its_tracker(shop: Site) -> None:
    answer = shop.get("/goods?q=1")
    assert (answer.status_code, answer.http_version, answer.headers["content-encoding"]) == (200, "HTTP/2", "gzip")
    assert f' src="{TRACKER}' not in answer.text
    assert "data-consent-banner" in answer.text
    assert "accept-encoding" not in shop.shop.asked("/goods")[0]


def test_before_a_choice_no_optional_cookie_passes_in_either_direction(shop: Site) -> None:
    answer = shop.get("/goods", cookie=BOTH)
    assert shop.shop.asked("/goods")[0]["cookie"] == OURS
    assert set_cookies(answer) == ["csrftoken=1; Path=/"]


def test_a_grant_lets_them_pass_to_pages_and_never_to_static_files(shop: Site) -> None:
    stored = chosen(shop, "accept")
    assert stored.status_code == 303
    (cookie,) = [line for line in set_cookies(stored) if "consent=" in line]
    assert cookie.startswith("__Secure-consent=")
    assert "; Secure" in cookie
    jar = f"{cookie.partition(';')[0]}; {BOTH}"
    page, picture = shop.get("/goods", cookie=jar), shop.get("/static/app.css", cookie=jar)
    assert "_ga=GA1.2.3" in shop.shop.asked("/goods")[0]["cookie"]
    assert {line.partition("=")[0] for line in set_cookies(page)} == {"_ga", "csrftoken"}
    assert "cookie" not in shop.shop.asked("/static/app.css")[0]
    assert set_cookies(picture) == []


@pytest.mark.parametrize("header", ["Link", "Set-Cookie", "X-Accel-Redirect"])
def test_a_static_file_says_nothing_that_could_load_or_store(shop: Site, header: str) -> None:
    answer = shop.get("/static/app.css", cookie=BOTH, referer=f"{shop.origin}/?gclid=1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css")
    assert header not in answer.headers
    (asked,) = shop.shop.asked("/static/app.css")
    assert not {"cookie", "referer", "x-consent"} & asked.keys()


def test_html_below_the_static_path_is_never_shown_as_a_page(shop: Site) -> None:
    answer = shop.get("/static/liar.css")
    assert answer.headers["content-type"] == "text/css"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", [f"/static/{name}" for name in ("page.html", "", "app.js", "icon.svg", "a.css;/x")])
def test_what_can_be_a_page_or_a_script_goes_through_the_gateway(shop: Site, path: str) -> None:
    answer = shop.get(path, cookie=BOTH)
    assert answer.status_code == 200
    (asked,) = shop.shop.asked(path)
    assert asked["cookie"] == OURS
    assert asked["x-consent"].startswith("necessary=1;preferences=0")
    assert set_cookies(answer) == ["csrftoken=1; Path=/"]


def test_a_picture_that_leads_to_a_tracker_is_answered_by_the_gateway(shop: Site) -> None:
    answer = shop.get("/static/away.png", sec_fetch_dest="image")
    assert answer.status_code == 204
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/goods/..%2fstatic/app.css", "/goods/%2e%2e/static/app.css", "//static//app.css"])
def test_the_shop_is_asked_for_the_static_file_that_was_matched(shop: Site, path: str) -> None:
    assert shop.get(path, cookie=BOTH).headers["content-type"] == "text/css"
    assert [asked for _, asked, _ in shop.shop.requests] == ["/static/app.css"]


@pytest.mark.parametrize("path", ["/static/..%2fgoods.css/..%2f..%2fgoods", "/static/%2e%2e/goods", "/static/../goods"])
def test_no_spelling_leads_a_page_past_the_gateway(shop: Site, path: str) -> None:
    answer = shop.get(path, cookie=BOTH)
    assert all("x-consent" in headers and "_ga" not in headers["cookie"] for _, _, headers in shop.shop.requests)
    assert f' src="{TRACKER}' not in answer.text


def test_a_static_path_takes_no_posts(shop: Site) -> None:
    assert shop.ask("POST", "/static/app.css", content=b"x").status_code == 403
    assert shop.shop.requests == []


def test_no_tracker_that_poses_as_the_shop_goes_straight() -> None:
    endings = re.findall(r'"~\*\^\[\^\?#;\]\+(\S+)"\s', (SHIPPED / "site.conf").read_text("utf-8"))
    assert len(endings) == 13
    straight = re.compile("|".join(endings), re.I)
    paths = [url for service in load_catalogue().services for url in service.urls if url.startswith("/")]
    assert len(paths) > 100
    assert [path for path in paths if straight.search(path)] == []


@pytest.mark.parametrize(
    ("path", "chain", "consent"),
    [
        ("/goods", "127.0.0.2, 127.0.0.1", "necessary=1;preferences=0;statistics=0;marketing=0;src=none;rev=1"),
        ("/static/app.css", "127.0.0.2", None),
    ],
)
def test_the_shop_learns_the_true_address_and_scheme_whatever_is_claimed(
    shop: Site, path: str, chain: str, consent: str | None
) -> None:
    claims = {
        "X-Forwarded-For": "9.9.9.9", "X_Forwarded_For": "9.9.9.9", "X-Real-IP": "9.9.9.9", "Forwarded": "for=9.9.9.9",
        "X-Client-IP": "9.9.9.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "9", "X-Consent": "necessary=1;marketing=1;src=choice;rev=9", "Proxy": "9.9.9.9",
    }  # fmt: skip
    shop.ask("GET", path, "127.0.0.2", headers=claims)
    (asked,) = shop.shop.asked(path)
    assert "9" not in "".join(value for name, value in asked.items() if "host" not in name and name != "user-agent")
    assert asked["x-forwarded-for"] == chain
    assert asked["x-forwarded-proto"] == "https"
    assert asked["host"] == asked["x-forwarded-host"] == urlsplit(shop.origin).netloc
    assert asked.get("x-consent") == consent


def test_behind_a_load_balancer_the_address_is_what_that_says(tmp_path: Path) -> None:
    def behind(text: str) -> str:
        for line in ("set_real_ip_from 192.0.2.0/24;", "real_ip_header", "real_ip_recursive"):
            assert f"# {line}" in text
            text = text.replace(f"# {line}", line.replace("192.0.2.0/24", "127.0.0.2"))
        return text

    shop = Shop()
    with running(shop) as gateway, front(tmp_path, [gateway], shop, gateway, change=behind) as balanced:
        claimed = {"X-Forwarded-For": "203.0.113.7, 198.51.100.4, 127.0.0.2"}
        balanced.ask("GET", "/goods", "127.0.0.2", headers=claimed)
        balanced.ask("GET", "/goods", "127.0.0.1", headers=claimed)
    assert [asked["x-forwarded-for"] for asked in shop.asked("/goods")] == ["198.51.100.4", "127.0.0.1"]


def test_a_name_that_is_not_the_shops_gets_nothing(shop: Site) -> None:
    with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", shop.port)) as plain:
        shop.tls.wrap_socket(plain, server_hostname="evil.example")
    with pytest.raises(httpx2.RemoteProtocolError):
        shop.get("/goods", host="evil.example")
    assert shop.shop.requests == []


def test_plain_http_is_sent_to_https(shop: Site) -> None:
    request = f"GET /goods?q=1 HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", shop.plain)) as connection:
        connection.sendall(request.encode())
        answer = connection.makefile("rb").read()
    assert b" 301 " in answer
    assert b"\r\nLocation: https://shop.example/goods?q=1\r\n" in answer


def test_a_websocket_passes_with_its_cookies_filtered(shop: Site) -> None:
    with (
        socket.create_connection(("127.0.0.1", shop.port)) as raw,
        connect(f"wss://{HOST}:{shop.port}/ws", sock=raw, ssl=shop.tls, additional_headers={"Cookie": BOTH}) as wire,
    ):
        wire.send("hello")
        assert wire.recv(timeout=20) == "hello"
    assert shop.shop.asked("/ws")[0]["cookie"] == OURS


def test_the_first_byte_of_a_slow_page_comes_before_its_end(shop: Site) -> None:
    with shop.client() as client, client.stream("GET", "/slow", extensions={"sni_hostname": HOST}) as answer:
        pieces = answer.iter_text()
        first = ""
        while "goods" not in first:
            first += next(pieces)
        assert not shop.shop.go_on.is_set()
        shop.shop.go_on.set()
        assert "</html>" in first + "".join(pieces)


def test_pages_are_never_cached(shop: Site) -> None:
    shop.get("/goods")
    shop.get("/goods")
    assert len(shop.shop.asked("/goods")) == 2


def test_eight_kilobytes_of_cookies_and_an_upload_pass(shop: Site) -> None:
    body = os.urandom(5 << 20)
    before = shop.shop.uploaded
    cookie = "; ".join(f"member{number}={'x' * 1000}" for number in range(8))
    assert shop.ask("POST", "/upload", headers={"Cookie": cookie}, content=body).status_code == 200
    assert shop.shop.uploaded - before == len(body)
    assert len(shop.shop.asked("/upload")[0]["cookie"]) == len(cookie)


@pytest.mark.parametrize(("path", "length"), [("/upload", (64 << 20) + 1), ("/_choices/choice", 16_385)])
def test_what_is_too_large_is_refused_before_it_is_sent(shop: Site, path: str, length: int) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", shop.port), 20) as plain,
        shop.tls.wrap_socket(plain, server_hostname=HOST) as wire,
    ):
        wire.sendall(head.encode())
        assert b" 413 " in wire.recv(4096)
    assert shop.shop.requests == []


def test_half_a_head_does_not_wait_for_the_other_half_for_long(tmp_path: Path) -> None:
    shorter = tmp_path / "clients.conf"
    text = (SHIPPED / "clients.conf").read_text("utf-8")
    shorter.write_text(text.replace("client_header_timeout 10s", "client_header_timeout 3s"))

    def hurry(text: str) -> str:
        return text.replace(f"{SHIPPED}/clients.conf", str(shorter))

    with (
        front(tmp_path, [free_port()], Shop(), 1, change=hurry) as shop,
        socket.create_connection(("127.0.0.1", shop.port), 30) as plain,
        shop.tls.wrap_socket(plain, server_hostname=HOST) as wire,
    ):
        wire.sendall(f"GET /goods HTTP/1.1\r\nHost: {HOST}\r\n".encode())
        assert wire.recv(4096) == b""


def test_a_header_of_fifteen_kilobytes_passes_in_http_1_too(shop: Site) -> None:
    request = f"GET /goods HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nCookie: member={'x' * 15_000}\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", shop.port), 30) as plain,
        shop.tls.wrap_socket(plain, server_hostname=HOST) as wire,
    ):
        wire.sendall(request.encode())
        assert b" 200 " in wire.recv(4096)
    assert len(shop.shop.asked("/goods")[0]["cookie"]) == 15_007


def test_connections_to_the_gateway_stay_open(tmp_path: Path) -> None:
    def answer(connection: socket.socket, request: bytes, number: int) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return True

    with RawShop(answer) as gateway, front(tmp_path, [gateway.port], Shop(), 1) as shop:
        for _ in range(5):
            assert shop.get("/goods").text == "ok"
    assert (len(gateway.requests), gateway.connections) == (5, 1)


def test_the_log_of_the_shop_names_nobody(shop: Site) -> None:
    shop.get("/goods?mail=SECRET", "127.0.7.77", cookie="member=SECRET", user_agent="SECRET")
    log = shop.folder / "shop.log"
    wait_until(lambda: "127.0.7.0 " in log.read_text())  # a line is written when its answer is gone
    assert re.search(r"^127\.0\.7\.0 .* GET /goods 200 ", log.read_text(), re.M)
    assert not re.search(r"SECRET|\.77", log.read_text() + (shop.folder / "shop-error.log").read_text())


def test_without_one_gateway_the_other_answers_and_without_any_there_is_a_page_of_nginx(tmp_path: Path) -> None:
    with site(tmp_path, gateways=2) as shop:
        asset = re.findall(r'"(/_choices/assets/cg[^"]*)"', shop.get("/goods").text)[0]
        assert shop.get(asset).status_code == 200
        first, second = shop.gateways
        kill(first)
        assert [shop.get("/goods").status_code for _ in range(6)] == [200] * 6
        kill(second)
        shop.shop.requests.clear()
        for answer in (shop.get("/goods"), chosen(shop, "refuse"), shop.get("/static/app.js")):
            assert answer.status_code == 503
            assert (answer.headers["cache-control"], answer.headers["retry-after"]) == ("no-store", "10")
            assert "not available" in answer.text
            assert not re.search(r"https?:|src=|href=", answer.text)
        assert shop.shop.requests == []
        assert shop.get("/static/app.css").status_code == 200
        assert shop.get(asset).status_code == 200, "the banner's files are nginx's by now"


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("PATCH", 1), ("GET", 2)])
def test_only_what_can_be_repeated_is_asked_of_another_gateway(tmp_path: Path, method: str, times: int) -> None:
    with RawShop(lambda *_: False) as one, RawShop(lambda *_: False) as other:
        with front(tmp_path, [one.port, other.port], Shop(), 1) as shop:
            assert shop.ask(method, "/order", content=b"tea=1" if method != "GET" else b"").status_code == 503
        assert len(one.requests + other.requests) == times


def test_too_many_at_once_are_answered_with_429_and_nobody_else_waits(tmp_path: Path) -> None:
    def slowly(text: str) -> str:
        """The bursts are the shipped ones; what fills them up again is not to outrun this machine."""
        assert text.count("r/s") > 1
        return text.replace("r/s", "r/m")

    with front(tmp_path, [free_port()], Shop(), 1, change=slowly) as shop, shop.client() as client:

        def until_429(method: str, path: str) -> tuple[int, httpx2.Response]:
            """How many went before, and the answer."""
            for number in range(900):
                answer = client.request(method, path, extensions={"sni_hostname": HOST})
                if answer.status_code == 429:
                    return number, answer
            raise AssertionError

        before, answer = until_429("POST", "/_choices/choice")
        assert before >= 60
        assert answer.headers["retry-after"] == "10"
        assert "Too many requests" in answer.text
        assert shop.ask("POST", "/_choices/csp-report").status_code == 503
        assert shop.get("/_choices/").status_code == 503
        before, _ = until_429("GET", "/goods")
        assert before >= 50
        assert shop.get("/goods", "127.0.0.9").status_code == 503
        assert "127.0.0.1" not in (tmp_path / "shop-error.log").read_text()
