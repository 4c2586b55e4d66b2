from __future__ import annotations

import pytest

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.consent_mode import TAGS, ConsentMode
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, State
from gateway.model.decision import Decision
from gateway.model.service import Service

YES, NO, OPEN = State.GRANTED, State.REFUSED, State.UNSET
CATALOGUE = Catalogue(
    [
        Service("google-analytics", "GA", Category.STATISTICS),
        Service("google-ads", "Ads", Category.MARKETING),
        Service("google-maps", "Maps", Category.PREFERENCES),
    ]
)


def mode(declared: list[str] | None = None) -> ConsentMode:
    return ConsentMode(CATALOGUE, "/a/cm.js", declared)


@pytest.mark.parametrize(
    ("declared", "decision", "granted"),
    [
        (None, Decision(OPEN, OPEN, OPEN), None),
        (None, Decision(NO, NO, NO), None),
        (None, Decision(YES, NO, NO), None),
        (None, Decision(NO, YES, NO), "statistics"),
        (None, Decision(YES, NO, YES), "preferences marketing"),
        (["google-analytics"], Decision(YES, YES, YES), "preferences statistics marketing"),
        (["google-analytics"], Decision(YES, NO, YES), None),
        (["google-maps", "hotjar"], Decision(YES, YES, YES), None),
    ],
)
def test_the_signals_stand_where_a_google_tag_may_run(
    declared: list[str] | None, decision: Decision, granted: str | None
) -> None:
    expected = "" if granted is None else f'<script src="/a/cm.js" data-granted="{granted}"></script>'
    assert mode(declared).tag(decision).decode() == expected


def test_they_carry_the_shops_nonce() -> None:
    assert b'<script nonce="YWJj" src' in mode().tag(Decision(YES, YES, YES), "YWJj")


@pytest.mark.parametrize(
    ("declared", "decision", "later"),
    [
        (None, Decision(OPEN, OPEN, OPEN), "/a/cm.js statistics marketing"),
        (["google-ads"], Decision(OPEN, OPEN, OPEN), "/a/cm.js marketing"),
        (None, Decision(OPEN, YES, OPEN), ""),
        (["google-maps"], Decision(OPEN, OPEN, OPEN), ""),
    ],
)
def test_a_page_without_them_knows_where_they_are(
    declared: list[str] | None, decision: Decision, later: str
) -> None:
    assert mode(declared).later(decision) == later


def test_a_tag_declared_necessary_always_has_them() -> None:
    catalogue = Catalogue([Service("google-tag-manager", "GTM", Category.NECESSARY)])
    assert ConsentMode(catalogue, "/cm.js", ["google-tag-manager"]).tag(Decision(NO, NO, NO))


def test_every_tag_is_in_the_catalogue() -> None:
    assert set(TAGS) <= load_catalogue().by_id.keys()
