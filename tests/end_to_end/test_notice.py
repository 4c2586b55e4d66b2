"""The notice from outside, over several starts on one record: old revisions stay, choices name what was shown."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.app import create_app
from gateway.config.settings import Controller, Policy, PolicyRevision, ServiceEntry, Settings
from gateway.enforcement.language import LOCALES, notice_locale
from gateway.enforcement.texts import texts
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.categories import OPTIONAL, Category
from gateway.model.entry import Entry
from gateway.model.notice_text import content_of
from tests.test_app import Shop, settings, visiting

OWNER = Controller(name="K市集", contact="mail@shop.example")
FIRST = PolicyRevision(rev=1, date="2026-01-01")
SERVICES = (ServiceEntry(id="google-analytics"),)
MORE = (*SERVICES, ServiceEntry(id="facebook-pixel", category=Category.MARKETING, hosts=("facebook.net",)))


def shop_with(folder: Path, policy: Policy, **values: Any) -> Settings:
    return settings(folder, controller=OWNER, policy=policy, **values)


def article(page: bytes) -> str:
    found = re.search(r"<article[^>]*>\n(.*)</article>", page.decode(), re.DOTALL)
    assert found
    return found[1]


async def entries(ledger: SqliteLedger) -> list[Entry]:
    async with aclosing(ledger.entries()) as found:
        return [entry async for entry in found]


def test_old_revisions_are_the_bytes_of_the_archive_and_events_name_them(tmp_path: Path) -> None:
    first = shop_with(tmp_path, Policy(date="2026-01-01"), services=SERVICES)
    shown: dict[str, str] = {}
    with visiting(create_app(first, shop=Shop())) as visitor:
        for locale in LOCALES:
            shown[locale] = article(visitor.get(f"/_choices/notice?lang={locale}").body)
            visitor.post("/_choices/choice", f"action=refuse&locale={locale}")
    second = Policy(rev=2, date="2026-06-01", revisions=(FIRST, PolicyRevision(rev=2, material=(Category.MARKETING,))))
    with visiting(create_app(shop_with(tmp_path, second, services=MORE), shop=Shop())) as visitor:
        for locale in LOCALES:
            assert article(visitor.get(f"/_choices/notice/1?lang={locale}").body) == shown[locale]
            now = article(visitor.get(f"/_choices/notice?lang={locale}").body)
            assert article(visitor.get(f"/_choices/notice/2?lang={locale}").body) == now != shown[locale]
            assert "facebook" in now
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    bodies = [entry.body for entry in asyncio.run(entries(ledger)) if entry.body and "notice_sha256" in entry.body]
    archive = {str(body["locale"]): asyncio.run(ledger.text(str(body["notice_sha256"]))) for body in bodies}
    assert {locale: content_of(text or b"") for locale, text in archive.items()} == shown


@pytest.mark.parametrize(
    ("material", "asked"), [((Category.MARKETING,), {"marketing"}), ((), set())], ids=["marketing", "editorial"]
)
def test_a_revision_asks_anew_only_about_what_it_says_and_never_those_who_refused(
    tmp_path: Path, material: tuple[Category, ...], asked: set[str]
) -> None:
    services = tuple(ServiceEntry(id=name, category=name, hosts=(f"{name}.example",)) for name in OPTIONAL)
    first = shop_with(tmp_path, Policy(date="2026-01-01"), services=services)
    with visiting(create_app(first, shop=Shop())) as visitor:
        yes = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        no = visitor.post("/_choices/choice", "action=refuse").cookie()
    policy = Policy(rev=2, date="2026-06-01", revisions=(FIRST, PolicyRevision(rev=2, material=material)))
    with visiting(create_app(shop_with(tmp_path, policy, services=services), shop=Shop())) as visitor:
        states = json.loads(visitor.get("/_choices/state", Cookie=yes).body)["categories"]
        assert {name for name in OPTIONAL if states[name] == "unset"} == asked
        assert (b"data-consent-banner" in visitor.get("/", Cookie=yes).body) is bool(asked)
        states = json.loads(visitor.get("/_choices/state", Cookie=no).body)["categories"]
        assert {states[name] for name in OPTIONAL} == {"refused"}
        assert b"data-consent-banner" not in visitor.get("/", Cookie=no).body


def test_a_notice_changed_silently_is_warned_of_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with visiting(create_app(shop_with(tmp_path, Policy(date="2026-01-01"), services=SERVICES), shop=Shop())):
        pass
    assert "policy.rev" not in caplog.text
    with caplog.at_level(logging.WARNING):
        changed = create_app(shop_with(tmp_path, Policy(date="2026-01-01"), services=MORE), shop=Shop())
        with visiting(changed) as visitor:
            assert "facebook" not in article(visitor.get("/_choices/notice").body)
            assert "facebook" not in article(visitor.get("/_choices/notice/1").body)
    assert "policy.rev = 1: expected a higher number" in caplog.text


@pytest.mark.parametrize("locale", LOCALES)
def test_every_link_of_our_own_pages_answers(tmp_path: Path, locale: str) -> None:
    policy = Policy(rev=2, date="2026-06-01", revisions=(FIRST,))
    with visiting(create_app(shop_with(tmp_path, policy, services=SERVICES), shop=Shop())) as visitor:
        waiting, seen = [f"/_choices/?lang={locale}"], set()
        while waiting:
            address = waiting.pop().partition("#")[0]
            if address in seen:
                continue
            seen.add(address)
            answer = visitor.get(address)
            assert answer.status == 200, address
            if not address.startswith("/_choices"):
                continue
            for node in LexborHTMLParser(answer.body).css("a"):
                target = str(node.attributes["href"])
                if target.startswith("?"):
                    continue
                if target.startswith("/"):
                    waiting.append(target)
                else:
                    assert target.startswith(("#", "https://")), target
    paths = {address.partition("?")[0] for address in seen}
    wanted = ("", "notice", "notice/1", "notice/2", "functions", "me", "me.json", "do-not-sell")
    assert paths >= {f"/_choices/{name}" for name in wanted}


@pytest.mark.parametrize("locale", LOCALES)
def test_the_functions_page_is_one_click_from_the_notice(tmp_path: Path, locale: str) -> None:
    with visiting(create_app(settings(tmp_path), shop=Shop())) as visitor:
        links = LexborHTMLParser(visitor.get(f"/_choices/notice?lang={locale}").body).css("article a")
        (link,) = (str(a.attributes["href"]) for a in links if "/functions" in str(a.attributes["href"]))
        page = LexborHTMLParser(visitor.get(link).body)
    assert page.css("h1")[0].text() == texts(notice_locale(locale))["functions.title"]


@pytest.mark.parametrize("locale", LOCALES)
def test_what_the_shop_says_of_a_service_is_on_the_functions_page(tmp_path: Path, locale: str) -> None:
    chat = ServiceEntry(id="chat", category=Category.PREFERENCES, hosts=("chat.example",), breaks="no answers at night")
    with visiting(create_app(settings(tmp_path, services=(*SERVICES, chat)), shop=Shop())) as visitor:
        page = visitor.get(f"/_choices/functions?lang={locale}").body.decode()
    assert "no answers at night" in page
    assert "Google Analytics" not in page


@pytest.mark.parametrize("locale", LOCALES)
def test_the_notice_leads_to_the_opt_out_where_something_is_shared(tmp_path: Path, locale: str) -> None:
    chat = ServiceEntry(id="chat", category=Category.PREFERENCES, hosts=("chat.example",))
    for services, expected in ((SERVICES, 1), ((chat,), 0)):
        with visiting(create_app(settings(tmp_path, services=services), shop=Shop())) as visitor:
            links = LexborHTMLParser(visitor.get(f"/_choices/notice?lang={locale}").body).css("article a")
        assert sum("/do-not-sell" in str(a.attributes["href"]) for a in links) == expected
