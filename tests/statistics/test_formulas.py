"""Rates are of counts told, and never above one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.statistics.formulas import CATEGORY_RATES, RATES, rate

INTERACTION, NO_CHOICE, ACCEPTANCE = RATES
NUMBERS = st.dictionaries(st.sampled_from(["shown", "decisions", "accept_all", "granted"]), st.integers(0, 500))


def test_each_formula_says_what_it_computes() -> None:
    week = {"shown": 400, "decisions": 100, "accept_all": 60, "granted": 70}
    rates = {formula.text: rate(formula, [week]) for formula in (*RATES, *CATEGORY_RATES)}
    assert rates == {
        "decisions / shown": 0.25,
        "1 - decisions / shown": 0.75,
        "accept_all / decisions": 0.6,
        "granted / decisions": 0.7,
        "granted / shown": 0.175,
    }


def test_periods_that_hide_one_of_the_counts_are_left_out_of_the_rate() -> None:
    assert rate(ACCEPTANCE, [{"accept_all": 10, "decisions": 20}, {"decisions": 500}]) == 0.5
    assert rate(ACCEPTANCE, [{"decisions": 500}]) is None
    assert rate(ACCEPTANCE, []) is None


@given(st.lists(NUMBERS, max_size=4))
def test_no_rate_is_above_one_or_below_zero(periods: list[dict[str, int]]) -> None:
    for formula in (*RATES, *CATEGORY_RATES):
        found = rate(formula, periods)
        assert found is None or 0 <= found <= 1


def test_more_decisions_than_displays_are_an_interaction_of_one() -> None:
    assert rate(INTERACTION, [{"shown": 10, "decisions": 15}]) == 1
    assert rate(NO_CHOICE, [{"shown": 10, "decisions": 15}]) == 0
