"""The dashboard: sign in, read, sign out, in both languages, without script; and in a real browser."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from gateway.demo.history import write_history
from gateway.ledger import open_ledger, open_tallies
from gateway.statistics.periods import holding
from tests.banner.conftest import chromium as chromium
from tests.proxy.servers import serve
from tests.statistics.histories import Group, counts_of
from tests.test_counting import shop

OWN = {"sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record")
    asyncio.run(write_history(f"sqlite:///{folder / 'ledger.sqlite'}", int(time.time() // 86_400)))
    return folder


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    settings = Settings(folder=folder, database=f"sqlite:///{folder / 'ledger.sqlite'}")
    with TestClient(create_app(settings, shop=shop), "http://shop.example", headers=OWN) as client:
        yield client


def sign_in(client: TestClient, token: str) -> int:
    return client.post("/_choices/dashboard?lang=en", data={"token": token}).status_code


def test_without_a_token_there_is_a_form_and_a_401(client: TestClient) -> None:
    answer = client.get("/_choices/dashboard")
    assert answer.status_code == 401
    assert answer.headers["cache-control"] == "no-store"
    assert 'name="token"' in answer.text
    assert "role=\"alert\"" not in answer.text


def test_sign_in_read_and_sign_out(client: TestClient, folder: Path) -> None:
    assert sign_in(client, Tokens(folder).new("marketing")) == 200
    page = client.get("/_choices/dashboard?lang=en")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for text in ("Demo data", "accept_all / decisions", "<svg", "Google Analytics", "[[cookies]]", "Last anchor"):
        assert text in page.text
    assert "<script" not in page.text
    client.post("/_choices/dashboard", data={"out": "1"})
    assert client.get("/_choices/dashboard").status_code == 401


def test_the_token_is_in_no_address_and_the_cookie_not_the_token(client: TestClient, folder: Path) -> None:
    token = Tokens(folder).new("marketing")
    answer = client.post("/_choices/dashboard", data={"token": token}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/_choices/dashboard"
    assert token not in str(answer.headers)
    assert "Path=/_choices/dashboard; HttpOnly; SameSite=Strict" in answer.headers["set-cookie"]


@pytest.mark.parametrize(("role", "status"), [("officer", 403), ("ops", 403), ("", 401)])
def test_other_roles_and_no_token_are_told(client: TestClient, folder: Path, role: str, status: int) -> None:
    token = Tokens(folder).new(role) if role else "guess"  # type: ignore[arg-type]
    answer = client.post("/_choices/dashboard", data={"token": token})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert client.get("/_choices/dashboard").status_code == 401


def test_another_site_cannot_sign_anybody_in_or_out(client: TestClient, folder: Path) -> None:
    token = Tokens(folder).new("marketing")
    answer = client.post("/_choices/dashboard", data={"token": token}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_bearer_token_opens_the_page_too(client: TestClient, folder: Path) -> None:
    headers = {"authorization": f"Bearer {Tokens(folder).new('marketing')}"}
    assert client.get("/_choices/dashboard", headers=headers).status_code == 200


def test_both_languages_have_the_same_texts() -> None:
    folder = Path("gateway/data/staff")
    zh, en = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("zh-Hant", "en"))
    assert zh.keys() == en.keys()
    assert all(re.findall(r"\{\w+\}", zh[key]) == re.findall(r"\{\w+\}", en[key]) for key in en)


def quiet(folder: Path) -> None:
    """A week in which four chose something between all and nothing."""
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    week = holding("week", int(time.time() // 86_400) - 14).first
    groups: list[Group] = [(600, 7, "en", "chrome", "banner"), (300, 0, "en", "chrome", "banner")]
    counts = counts_of([*groups, (4, 1, "en", "chrome", "banner")], [(1500, "en", "chrome")])

    async def fill() -> None:
        ledger = open_ledger(url)
        await ledger.open()
        await open_tallies(url).settle("week", week)
        await open_tallies(url).add([(week, cell, n) for cell, n in counts.items()])
        await ledger.close()

    asyncio.run(fill())


def test_why_categories_are_hidden_is_said_beside_them(tmp_path: Path) -> None:
    quiet(tmp_path)
    settings = Settings(folder=tmp_path, database=f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with TestClient(create_app(settings, shop=shop), "http://shop.example", headers=OWN) as client:
        assert sign_in(client, Tokens(tmp_path).new("marketing")) == 200
        page = client.get("/_choices/dashboard?lang=en").text
        said = re.sub(r"<[^>]+>", " ", page)
        assert "fewer than 10 partial choices would show beside the acceptances" in said
        assert re.search(r"Marketing\s+–\s+–\s+–\s+–", said)
        assert re.search(r"Accept all\s+600", said)
        page = client.get("/_choices/dashboard?lang=zh-Hant").text
        assert "會顯出少於 10 次的部分同意" in page


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh-Hant", "en"])
@pytest.mark.parametrize("width", [360, 1280])
def test_in_a_browser_nothing_overflows_and_axe_finds_nothing(
    chromium: Browser, folder: Path, language: str, width: int
) -> None:
    settings = Settings(folder=folder, database=f"sqlite:///{folder / 'ledger.sqlite'}")
    context = chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=True)
    try:
        with serve(create_app(settings, shop=shop)) as port:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/_choices/dashboard?lang={language}")
            assert Axe().run(page).response["violations"] == []
            page.fill("#token", Tokens(folder).new("marketing"))
            page.click("main button")
            page.wait_for_selector("figure svg")
            assert page.get_attribute("html", "lang") == language
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert Axe().run(page).response["violations"] == []
    finally:
        context.close()
