"""Every row of the truth table through the whole gateway: what shop, page, script, browser and record get."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.choice import make_choice
from tests.end_to_end.site import COOKIE, Site, expired, page_state, running, set_cookies, signal_lines
from tests.model.truth import AGES, CASES, DAY, ID, Age, Case
from tests.test_app import kinds

P, S, M = OPTIONAL
SHARING = {S, M}
"""In a trial, where the statistics services known have hosts of their own."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_row_holds_for_shop_page_script_and_browser(site: Site, case: Case) -> None:
    row, lines = case.row, signal_lines(case.signals.gpc, case.signals.dnt)
    site.day = DAY
    page = site.ask("/goods", case.choice, *lines)
    states = {c: row.sharing if c in SHARING else row.other for c in OPTIONAL}
    told = ";".join(f"{c}={states[c] is State.GRANTED:d}" for c in OPTIONAL)
    assert site.consent == f"necessary=1;{told};src={row.source};rev=2"
    assert page_state(page) == {**{c.value: states[c].value for c in OPTIONAL}, "source": row.source.value}
    assert ("data-consent-banner" in page.text) is row.banner
    assert ("data-consent-chip" in page.text) is bool(row.chip)
    assert not row.chip or f'data-consent-chip="{row.chip.lower()}"' in page.text
    assert expired(page) == {c for c in OPTIONAL if states[c] is not State.GRANTED}
    kept = [b"sessionid=1", *(b"lately=1" for c in (P,) if states[c] is State.GRANTED)]
    assert site.shop.requests[-1][b"cookie"][0].startswith(b"; ".join(kept))
    answer = site.ask("/_choices/state", case.choice, *lines).json()
    assert answer == {"categories": states, "source": row.source, "rev": 2}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_only_a_withdrawal_rewrites_the_cookie_and_a_lapsed_grant_loses_it(site: Site, case: Case) -> None:
    site.day = DAY
    line = set_cookies(site.ask("/", case.choice, *signal_lines(case.signals.gpc, case.signals.dnt))).get("consent")
    if case.row.effect:
        assert case.choice is not None
        less = make_choice(frozenset({P}), {S: DAY, M: DAY}, DAY, 2, id=ID)
        assert line == COOKIE.set_cookie(less, "http", DAY).decode()
        assert line.startswith(f"consent=1.g.{DAY}.p2.p.{ID}")
    elif case.name.startswith("lapsed grant"):
        assert line == "consent=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    else:
        assert line is None


def test_the_record_holds_one_event_for_each_withdrawal_and_none_for_page_views(tmp_path: Path) -> None:
    withdrawals = 0
    with running(tmp_path) as site:
        for number, case in enumerate(CASES):
            own = case.choice and replace(case.choice, id=f"{number:022}" if case.choice.id else "")
            for path in ("/", "/a.png", "/_choices/state", "/"):
                site.ask(path, own, *signal_lines(case.signals.gpc, case.signals.dnt))
            withdrawals += bool(case.row.effect)
    assert withdrawals == 2
    assert kinds(tmp_path) == ["gpc"] * withdrawals


@pytest.mark.parametrize("category", [P, S, M])
@pytest.mark.parametrize("age", AGES, ids=lambda age: f"day {age.day}")
def test_one_of_three_saved_and_each_keeps_its_own_clock(site: Site, category: Category, age: Age) -> None:
    site.day = DAY
    fields = {"action": "save", "category": [category], "rev": 2, "surface": "settings"}
    saved = site.ask("/_choices/choice", None, method="POST", json=fields)
    cookie = set_cookies(saved)["consent"].partition(";")[0]
    site.day = DAY + age.day
    page = site.ask("/", cookie)
    states = {c: age.granted if c is category else age.refused for c in OPTIONAL}
    assert site.ask("/_choices/state", cookie).json()["categories"] == states
    assert ("data-consent-banner" in page.text) is age.ask
    assert expired(page) == {c for c in OPTIONAL if states[c] is not State.GRANTED}
    if age.granted is State.UNSET:
        left = set_cookies(page)["consent"]
        rest = "".join(c.value[0] for c in OPTIONAL if c is not category)
        assert left.startswith(f"consent=1.r.{DAY}.p2.{rest}.")
        assert ("Max-Age=0" in left) is (age.day > 366)
