from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.categories import OPTIONAL, Category, Fate, Source, State
from gateway.model.choice import Choice, make_choice, refuse_all
from gateway.model.decision import Decision, Rules, decide
from gateway.model.notice import Notice
from gateway.model.service import Service
from gateway.model.signals import Signals
from tests.model.truth import AGES, CASES, DAY, ID, NOTICE, Age, Case

P, S, M = OPTIONAL
G, R, U = State.GRANTED, State.REFUSED, State.UNSET
RULES = Rules()
NONE, GPC, DNT = Signals(), Signals(gpc=True), Signals(dnt=True)


def accepted(override: bool = False, day: int = DAY, rev: int = 1) -> Choice:
    return make_choice(frozenset(OPTIONAL), {}, day, rev, override=override, id=ID)


REFUSED = refuse_all(DAY, 1)


@pytest.mark.parametrize("sharing", [{M}, {S, M}], ids=["marketing", "statistics and marketing"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_table_of_choices_and_signals(case: Case, sharing: set[Category]) -> None:
    row = case.row
    decision = decide(case.choice, case.signals, Rules(NOTICE, frozenset(sharing)), DAY)
    assert {c: decision.state(c) for c in OPTIONAL} == {c: row.sharing if c in sharing else row.other for c in OPTIONAL}
    assert (decision.source, decision.ask, decision.chip) == (row.source, row.banner, row.chip.lower())
    assert decision.withdrawn == (sharing if row.effect else frozenset())
    lapsed = case.name.startswith("lapsed grant")
    assert (decision.renewed is not None) is (bool(row.effect) or lapsed)
    assert not lapsed or decision.renewed == make_choice(frozenset(), {}, DAY - 186, 2)
    assert decision.choice == case.choice


def test_statistics_that_are_shared_follow_the_signal_too() -> None:
    rules = Rules(sharing=frozenset({S, M}))
    decision = decide(accepted(), GPC, rules, DAY)
    assert (decision.preferences, decision.statistics, decision.marketing) == (G, R, R)
    assert decision.withdrawn == {S, M}


def test_a_grant_that_the_signal_withdrew_does_not_come_back_with_the_signal_gone() -> None:
    renewed = decide(accepted(), GPC, RULES, DAY + 3).renewed
    assert renewed is not None
    assert renewed == make_choice(frozenset({P, S}), {M: DAY + 3}, DAY, 1, id=ID)
    assert decide(renewed, NONE, RULES, DAY + 3).marketing is R
    assert decide(renewed, NONE, RULES, DAY + 3).preferences is G


def test_dnt_can_be_switched_off() -> None:
    assert decide(None, DNT, Rules(dnt=False), DAY) == decide(None, NONE, RULES, DAY)


def test_the_settings_page_is_told_when_the_choice_overrules_a_signal_that_is_on() -> None:
    assert decide(accepted(True), GPC, RULES, DAY).override
    assert not decide(accepted(True), NONE, RULES, DAY).override
    assert not decide(accepted(), GPC, RULES, DAY).override


@pytest.mark.parametrize("age", AGES, ids=lambda age: f"day {age.day}")
def test_choices_are_finite_and_each_part_has_its_own_clock(age: Age) -> None:
    saved = make_choice(frozenset({P}), {S: DAY, M: DAY}, DAY, 1, id=ID)
    decision = decide(saved, NONE, RULES, DAY + age.day)
    assert (decision.preferences, decision.statistics, decision.marketing) == (age.granted, age.refused, age.refused)
    assert (decision.ask, decision.reason) == (age.ask, "choice lapsed" if age.ask else "choice")
    assert all(decide(accepted(), NONE, RULES, DAY + age.day).state(c) is age.granted for c in OPTIONAL)
    refused = decide(REFUSED, NONE, RULES, DAY + age.day)
    assert all(refused.state(c) is age.refused for c in OPTIONAL)
    assert refused.ask is (age.refused is U)


def test_days_are_counted_through_a_leap_year() -> None:
    chosen = date(2027, 8, 31).toordinal() - date(1970, 1, 1).toordinal()
    leap = date(2028, 3, 3).toordinal() - date(1970, 1, 1).toordinal()
    grant = accepted(day=chosen)
    assert decide(grant, NONE, RULES, leap).marketing is G
    assert decide(grant, NONE, RULES, leap + 1).marketing is U
    year = date(2028, 8, 31).toordinal() - date(1970, 1, 1).toordinal()
    refusal = refuse_all(chosen, 1)
    assert not decide(refusal, NONE, RULES, year).ask
    assert decide(refusal, NONE, RULES, year + 1).ask


def test_lapsed_grants_are_asked_again_while_refusals_stand_and_the_id_goes() -> None:
    saved = make_choice(frozenset({P}), {S: DAY, M: DAY}, DAY, 1, id=ID)
    decision = decide(saved, NONE, RULES, DAY + 186)
    assert (decision.preferences, decision.statistics, decision.marketing) == (U, R, R)
    assert decision.ask
    assert decision.renewed == make_choice(frozenset(), {S: DAY, M: DAY}, DAY, 1)
    assert decision.withdrawn == frozenset()


def test_each_refusal_keeps_its_own_clock() -> None:
    saved = make_choice(frozenset(), {S: DAY, M: DAY + 100}, DAY, 1)
    decision = decide(saved, NONE, RULES, DAY + 400)
    assert (decision.statistics, decision.marketing) == (U, R)


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param(accepted(day=DAY + 1), id="granted tomorrow"),
        pytest.param(refuse_all(DAY + 1, 1), id="refused tomorrow"),
        pytest.param(make_choice(frozenset({P}), {M: DAY + 1}, DAY, 1, id=ID), id="partly from tomorrow"),
        pytest.param(
            make_choice(frozenset({P}), {S: DAY, M: DAY + 1}, DAY, 1, id=ID), id="one later refusal tomorrow"
        ),
        pytest.param(accepted(rev=2), id="unknown revision"),
        pytest.param(accepted(rev=0), id="revision zero"),
    ],
)
def test_a_choice_that_cannot_be_is_no_choice(choice: Choice) -> None:
    assert decide(choice, NONE, RULES, DAY) == decide(None, NONE, RULES, DAY)


def test_a_material_revision_ends_the_yes_of_its_category_only() -> None:
    rules = Rules(Notice(2, {2: frozenset({M})}))
    decision = decide(accepted(), NONE, rules, DAY)
    assert (decision.preferences, decision.marketing) == (G, U)
    assert (decision.ask, decision.reason, decision.rev) == (True, "notice renewed", 2)
    assert not decide(refuse_all(DAY, 1), NONE, rules, DAY).ask


def test_an_outdated_yes_under_a_signal_is_the_row_without_a_choice() -> None:
    rules = Rules(Notice(2, {2: frozenset({M})}))
    decision = decide(accepted(), GPC, rules, DAY)
    assert (decision.marketing, decision.renewed) == (R, None)


def test_an_editorial_revision_asks_nobody() -> None:
    assert not decide(accepted(), NONE, Rules(Notice(2, {2: frozenset()})), DAY).ask


def test_a_category_with_nothing_in_it_is_not_asked_about() -> None:
    assert not decide(None, NONE, Rules(offered=frozenset()), DAY).ask
    saved = make_choice(frozenset({P}), {M: DAY}, DAY, 1, id=ID)
    assert not decide(saved, NONE, Rules(offered=frozenset({P, M})), DAY).ask
    assert decide(saved, NONE, RULES, DAY).ask
    assert decide(saved, NONE, RULES, DAY).reason == "choice incomplete"


def test_the_header_tells_the_shop_in_the_contracts_words() -> None:
    saved = make_choice(frozenset({S}), {P: DAY, M: DAY}, DAY, 1, id=ID)
    expected = b"necessary=1;preferences=0;statistics=1;marketing=0;src=choice;rev=1"
    assert decide(saved, NONE, RULES, DAY).header() == expected
    nothing = b"necessary=1;preferences=0;statistics=0;marketing=0;src=none;rev=1"
    assert decide(None, NONE, RULES, DAY).header() == nothing


def test_necessary_is_always_granted() -> None:
    decision = decide(REFUSED, GPC, RULES, DAY)
    assert decision.state(Category.NECESSARY) is G
    assert decision.fate(Category.NECESSARY) is Fate.KEEP
    assert decision.fate(M) is Fate.REMOVE


def test_nothing_is_withdrawn_where_nothing_is_renewed() -> None:
    assert Decision(U, U, U).withdrawn == frozenset()
    assert decide(accepted(), NONE, RULES, DAY).withdrawn == frozenset()


@st.composite
def choices(draw: st.DrawFn) -> Choice | None:
    granted = draw(st.frozensets(st.sampled_from(OPTIONAL)))
    days = st.integers(DAY - 400, DAY + 1)
    refusals = draw(st.dictionaries(st.sampled_from(OPTIONAL), days))
    choice = make_choice(
        granted, refusals, draw(days), draw(st.integers(0, 4)), override=draw(st.booleans()), id=ID
    )
    return draw(st.sampled_from([choice, None]))


@given(choices(), st.builds(Signals, st.booleans(), st.booleans()))
def test_effective_is_granted_and_not_overruled(choice: Choice | None, signals: Signals) -> None:
    """The one stateless rule, stated a second time."""
    rules = Rules(Notice(3, {2: frozenset({S}), 3: frozenset()}))
    decision = decide(choice, signals, rules, DAY)
    for category in OPTIONAL:
        counts = (
            choice is not None
            and max([choice.day, *choice.refusals().values()]) <= DAY
            and 1 <= choice.rev <= 3
            and category in choice.granted
            and DAY - choice.day <= 185
            and not (category is S and choice.rev < 2)
            and (category is not M or not signals.gpc or choice.override)
        )
        assert (decision.state(category) is G) is counts
    states = b";".join(b"%s=%d" % (c.encode(), decision.state(c) is G) for c in OPTIONAL)
    assert states in decision.header()
    if decision.renewed is not None:
        again = decide(decision.renewed, signals, rules, DAY)
        assert again.renewed is None
        assert replace(again, choice=None, renewed=None, reason="", source=Source.NONE) == replace(
            decision, choice=None, renewed=None, reason="", source=Source.NONE
        )


COUNTER = Service("counter", "Counter", S, exempt=True)


@pytest.mark.parametrize(
    ("choice", "signals", "today", "fate"),
    [
        pytest.param(None, NONE, DAY, Fate.KEEP, id="no choice"),
        pytest.param(None, NONE, DAY + 30, Fate.KEEP, id="last day"),
        pytest.param(None, NONE, DAY + 31, Fate.HOLD, id="over"),
        pytest.param(REFUSED, NONE, DAY, Fate.REMOVE, id="switched off"),
        pytest.param(accepted(), NONE, DAY, Fate.KEEP, id="granted"),
    ],
)
def test_an_exempt_measurement_runs_until_its_end_or_a_refusal(
    choice: Choice | None, signals: Signals, today: int, fate: Fate
) -> None:
    decision = decide(choice, signals, Rules(exempt_until=DAY + 30), today)
    assert decision.fate_of(COUNTER) is fate
    assert decision.fate_of(replace(COUNTER, exempt=False)) is decision.fate(S)
    assert (decision.statistics is G) == (choice is not None and bool(choice.granted))


def test_a_signal_switches_an_exempt_measurement_off_where_it_speaks_of_statistics() -> None:
    rules = Rules(sharing=frozenset({S, M}), exempt_until=DAY)
    assert decide(None, GPC, rules, DAY).fate_of(COUNTER) is Fate.REMOVE


def test_nothing_is_exempt_unless_it_is_switched_on() -> None:
    assert decide(None, NONE, RULES, DAY).fate_of(COUNTER) is Fate.HOLD


def test_a_grant_does_not_speak_of_what_it_does_not_cover() -> None:
    apart = Service("game", "Game", M, covered=False)
    assert decide(accepted(), NONE, RULES, DAY).fate_of(apart) is Fate.HOLD
    assert decide(REFUSED, NONE, RULES, DAY).fate_of(apart) is Fate.REMOVE
