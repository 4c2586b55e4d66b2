"""What a choice was made in: the event names it by its hash, and the archive has it."""

from __future__ import annotations

import asyncio
import hashlib
from html import unescape
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.config.settings import EvidenceHold
from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import CHOICES
from gateway.model.evidence import PLACES
from tests.ledger.record import entries
from tests.test_app import Shop, settings, visiting
from tests.test_edition import edition

HOLD = EvidenceHold(reason="so that what was erased can be looked at", until="2099-12-31")
SAYS = {
    "banner": "banner.title",
    "settings": "settings.legend",
    "embed": "embed.load",
    "me": "me.stop.about",
    "do-not-sell": "optout",
    "signal": "gpc",
}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_place_has_a_text_of_its_own_in_every_language(locale: str) -> None:
    made = {place: text for (language, place), text in edition().interfaces.items() if language == locale}
    assert set(made) == set(PLACES)
    assert len(set(made.values())) == len(PLACES)


def test_two_starts_make_the_same_bytes() -> None:
    assert edition().interfaces == edition().interfaces


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("place", "path", "form"),
    [
        ("banner", "choice", "action=accept&rev=1&surface=nojs"),
        ("settings", "choice", "action=save&category=statistics&rev=1&surface=settings"),
        ("embed", "choice", "action=save&category=preferences&rev=1&surface=embed"),
        ("me", "withdraw", "category=statistics&surface=settings&page=me"),
        ("me", "erase", ""),
        ("do-not-sell", "withdraw", "category=marketing&surface=settings&page=do-not-sell"),
        ("signal", "withdraw", "category=marketing&surface=gpc"),
    ],
)
def test_an_event_names_what_was_shown_and_it_can_be_rebuilt(
    tmp_path: Path, locale: str, place: str, path: str, form: str
) -> None:
    with visiting(create_app(settings(tmp_path, evidence_hold=HOLD), shop=Shop())) as visitor:
        held = {} if path == "choice" else {"Cookie": visitor.post("/_choices/choice", "action=accept&rev=1").cookie()}
        visitor.post(f"/_choices/{path}", f"{form}&locale={locale}", **held)
    last = [entry for entry in entries(tmp_path / "ledger.sqlite") if entry.kind in CHOICES][-1]
    assert last.body is not None
    text = asyncio.run(SqliteLedger(tmp_path / "ledger.sqlite").text(str(last.body["ui_sha256"])))
    assert text is not None
    assert hashlib.sha256(text).hexdigest() == last.body["ui_sha256"]
    assert texts(locale)[SAYS[place]] in unescape(text.decode())
