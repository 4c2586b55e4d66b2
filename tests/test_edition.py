"""What visitors read, and the hashes by which events name it."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from gateway.config.settings import BannerLook, Controller, Policy, PolicyRevision, Settings
from gateway.edition import Edition
from gateway.endpoints.assets import load_assets
from gateway.enforcement.language import LOCALES, notice_locale
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.categories import Category
from gateway.model.choice import refuse_all
from gateway.model.entry import Kind
from gateway.model.evidence import Interface
from gateway.registry import Registry

REVISIONS = (
    PolicyRevision(rev=1, date="2026-01-01", changes="First."),
    PolicyRevision(rev=2, date="2026-06-01", material=(Category.MARKETING,), changes="Second."),
)
SETTINGS = Settings(
    controller=Controller(name="K市集", contact="mail@shop.example"), policy=Policy(rev=2, revisions=REVISIONS)
)


def edition(settings: Settings = SETTINGS) -> Edition:
    return Edition(settings, Registry(settings), load_assets())


@pytest.mark.parametrize("locale", LOCALES)
def test_an_event_names_the_notice_and_the_banner_that_are_archived(locale: str, tmp_path: Path) -> None:
    made, ledger = edition(), SqliteLedger(tmp_path / "ledger.sqlite")
    event = made.evidence(b"k" * 32).event(
        Kind.REFUSE, refuse_all(1, 2), "", Interface(locale), now=86_400.0 * 20_000, gpc=False
    )
    assert event.body["ui_sha256"] == hashlib.sha256(made.banner.shown(locale)).hexdigest()

    async def kept() -> bytes | None:
        await ledger.open()
        await made.archive(ledger).keep()
        text = await ledger.text(str(event.body["notice_sha256"]))
        await ledger.close()
        return text

    assert asyncio.run(kept()) == made.notices[notice_locale(locale)].text


def test_the_change_log_has_the_newest_first_and_the_one_in_force_always(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    log = edition().pages(ledger).log
    assert [(line.rev, line.date, line.changes) for line in log] == [
        (2, "2026-06-01", "Second."),
        (1, "2026-01-01", "First."),
    ]
    far = Settings(policy=Policy(rev=20_261_101, date="2026-11-01", revisions=REVISIONS[:1]))
    assert [(line.rev, line.date) for line in edition(far).pages(ledger).log] == [
        (20_261_101, "2026-11-01"),
        (1, "2026-01-01"),
    ]


def test_the_pages_know_when_a_category_last_changed(tmp_path: Path) -> None:
    pages = edition().pages(SqliteLedger(tmp_path / "ledger.sqlite"))
    assert pages.revised == {Category.MARKETING: "2026-06-01"}


@pytest.mark.parametrize(
    ("look", "place"),
    [
        (BannerLook(), ""),
        (BannerLook(position="top"), "cg-top"),
        (BannerLook(layout="box"), "cg-box"),
        (BannerLook(layout="box", position="top"), "cg-box cg-top"),
        (BannerLook(layout="dialog"), "cg-mid"),
    ],
)
def test_the_configuration_says_where_the_banner_stands(look: BannerLook, place: str) -> None:
    assert edition(Settings(banner=look)).shown.place == place


@pytest.mark.parametrize("locale", LOCALES)
def test_the_logo_is_on_our_own_pages_alone_and_says_whose_it_is(locale: str) -> None:
    made = edition(replace(SETTINGS, banner=BannerLook(logo="/media/logo.svg")))
    picture = LexborHTMLParser(made.interfaces[locale, "settings"]).css("img")
    assert [(node.attributes["src"], node.attributes["alt"]) for node in picture] == [("/media/logo.svg", "K市集")]
    assert b"<img" in made.interfaces[locale, "me"]
    plain = edition().interfaces[locale, "settings"]
    for quiet in (made.banner.shown(locale), made.banner.signalled(locale), plain):
        assert b"<img" not in quiet
