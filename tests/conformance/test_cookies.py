"""Cookies of other people's tests through the filter, and real jars that show the refused ones gone."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from aiohttp import CookieJar
from yarl import URL

from gateway.enforcement.cookies import EXPIRY_BUDGET, CookieFilter
from gateway.enforcement.lifetime import cookie_date
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from tests.chromium import launched, needs_chromium
from tests.conformance.reference import REFERENCE, needs_reference

NOTHING = Decision(State.UNSET, State.UNSET, State.UNSET)
EVERYTHING = Decision(State.GRANTED, State.GRANTED, State.GRANTED)
HOST = "www.shop.test"
TWINS = [
    "_ga=1; Path=/; HttpOnly; Secure",
    "_ga=2; Path=/; Domain=shop.test; Secure",
    "_ga=3; Path=/; Domain=.www.shop.test",
    "_ga=5; Path=/shop/cart; Domain=shop.test",
    "_ga=6; HttpOnly",
    "_ga=7; Path=/; Secure; SameSite=None; Partitioned",
    "__Secure-_ga=8; Path=/; Secure; HttpOnly",
    "__Secure-_ga=9; Path=/; Secure; Domain=shop.test",
    "__Host-_ga=10; Path=/; Secure",
    "__Host-_ga=11; Path=/; Secure; SameSite=None; Partitioned",
]
MANY = [f"_ga_with_a_rather_long_name_{number}=1; Path=/; Domain=shop.test; Secure" for number in range(60)]
SESSION = ["sid=1; Path=/; HttpOnly; Secure; SameSite=Lax", "cart=2; Path=/shop; Domain=shop.test"]
ALIKE = 3
"""Twins that are one with another for a jar without partitions, which takes its host for a Domain."""
PAGE = "/shop/cart/x"


def classify(name: str) -> Category | None:
    if name == "sid":
        return Category.NECESSARY
    return Category.STATISTICS if "_ga" in name else None


def filters() -> CookieFilter:
    return CookieFilter(classify, domains=lambda host: ("www.shop.test", "shop.test"))


def lines() -> list[bytes]:
    parser = json.loads((REFERENCE / "cookies/http-state/parser.json").read_text("utf-8"))
    top = json.loads((REFERENCE / "cookies/jshttp-cookie/top-set-cookie.json").read_text("utf-8"))
    received = [line for test in parser for line in test["received"]]
    return [line.encode() for line in (*received, *(line for site in top.values() for line in site))]


@pytest.mark.corpus
@needs_reference
def test_kept_set_cookie_lines_are_byte_identical(say: Callable[[str], None]) -> None:
    """The lines of requests are in `tests/enforcement/test_cookies.py`."""
    answer = [(b"set-cookie", line) for line in lines()]
    for cookies in (CookieFilter(lambda name: None), CookieFilter(lambda name: Category.NECESSARY)):
        assert cookies.response(answer, NOTHING) == (answer, [])
    say(f"{len(answer)} Set-Cookie lines passed byte for byte")
    assert len(answer) > 300


@pytest.mark.corpus
@needs_reference
def test_dates_mean_what_the_tests_say(say: Callable[[str], None]) -> None:
    passed = 0
    for name in ("examples", "bsd-examples"):
        text = (REFERENCE / f"cookies/http-state/dates/{name}.json").read_text("utf-8")
        for case in json.loads(re.sub(r"^//.*$", "", text, flags=re.MULTILINE)):
            found = cookie_date(case["test"].encode("latin-1"))
            wanted = case["expected"] and parsedate_to_datetime(case["expected"]).timestamp()
            assert found == wanted, case
            passed += 1
    say(f"{passed} http-state dates passed")


@pytest.mark.corpus
@needs_reference
def test_refused_cookies_of_the_tests_leave_an_independent_jar_empty(say: Callable[[str], None]) -> None:
    """What still passes are deletions; aiohttp's jar, which decides for itself, stores nothing of them."""

    async def stored() -> tuple[int, list[bytes]]:
        cookies = CookieFilter(lambda name: Category.MARKETING if name else None, clock=lambda: time.time())
        count, kept = 0, []
        for line in lines():
            passed, _ = cookies.response([(b"set-cookie", line)], NOTHING, "/")
            jar = CookieJar()
            jar.update_cookies_from_headers([value.decode() for _, value in passed], URL("http://home.example.org/"))
            count += not passed
            kept += [line] if [cookie for cookie in jar if cookie.key] else []
        return count, kept

    dropped, kept = asyncio.run(stored())
    say(f"{dropped} of {len(lines())} Set-Cookie lines dropped, {len(kept)} stored all the same")
    assert not kept
    assert dropped > 280


def test_in_an_independent_jar_every_twin_is_gone_and_the_session_kept(say: Callable[[str], None]) -> None:
    async def run() -> tuple[int, list[str]]:
        page, jar, cookies, responses = URL(f"https://{HOST}{PAGE}"), CookieJar(), filters(), -1
        granted, _ = cookies.response(
            [(b"set-cookie", line.encode()) for line in TWINS + MANY + SESSION], EVERYTHING, PAGE
        )
        for _, value in granted:  # of one answer the jar takes so many and no more
            jar.update_cookies_from_headers([value.decode()], page)
        assert len(jar) == len(TWINS) + len(MANY) + len(SESSION) - ALIKE
        for _ in range(200):
            responses += 1
            held = {cookie.key: cookie.value for cookie in jar.filter_cookies(page).values()}
            header = "; ".join(f"{name}={value}" for name, value in held.items())
            _, removed = cookies.request([(b"cookie", header.encode())], NOTHING)
            if not removed:
                break
            expiries = cookies.expiries(removed, HOST, "https")
            assert sum(len(b"set-cookie: \r\n" + line) for line in expiries) <= EXPIRY_BUDGET
            jar.update_cookies_from_headers([line.decode() for line in expiries], page)
        return responses, sorted(cookie.key for cookie in jar)

    responses, left = asyncio.run(run())
    say(f"all gone after {responses} responses")
    assert left == ["cart", "sid"]


class Shop:
    """A shop that sets everything at `/set`, and the filter around it: granted there, refused elsewhere."""

    def __init__(self) -> None:
        self.cookies = filters()
        self.sizes: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers: list[tuple[bytes, bytes]] = [(b"content-type", b"text/plain")]
        if scope["path"].endswith("/set"):
            every = [(b"set-cookie", line.encode()) for line in TWINS + MANY + SESSION]
            headers += self.cookies.response(every, EVERYTHING, scope["path"])[0]
        elif scope["path"] == PAGE:
            _, removed = self.cookies.request(scope["headers"], NOTHING)
            expiries = self.cookies.expiries(removed, HOST, scope["scheme"])
            self.sizes.append(sum(len(b"set-cookie: \r\n" + line) for line in expiries))
            headers += [(b"set-cookie", line) for line in expiries]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate nobody signed."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on the path")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        f"/CN={HOST}",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return key, certificate


@pytest.fixture
def shop(tls: tuple[Path, Path]) -> Iterator[tuple[Shop, int]]:
    shop, listener = Shop(), socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        shop,
        log_level="error",
        lifespan="off",
        ws="none",
        ssl_keyfile=tls[0],
        ssl_certfile=tls[1],
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield shop, listener.getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.mark.browser
@needs_chromium
def test_in_chromium_every_twin_is_gone_and_the_session_kept(
    shop: tuple[Shop, int], say: Callable[[str], None]
) -> None:
    running, port = shop
    with launched("--ignore-certificate-errors", f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{port}") as browser:
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(f"https://{HOST}/shop/cart/set")
        before = len(context.cookies())
        for _ in range(100):
            page.goto(f"https://{HOST}{PAGE}")
            if {str(cookie.get("name")) for cookie in context.cookies()} == {"cart", "sid"}:
                break
        left = sorted(str(cookie.get("name")) for cookie in context.cookies())
    say(f"{before} cookies in Chromium, {left} after {len(running.sizes)} responses")
    assert before == len(TWINS) + len(MANY) + len(SESSION)
    assert left == ["cart", "sid"]
    assert len(running.sizes) > 1
    assert max(running.sizes) <= EXPIRY_BUDGET
