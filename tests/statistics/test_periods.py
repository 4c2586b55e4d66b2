"""Fixed bounds, told late, and one base after the other."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.statistics.periods import (
    KINDS,
    Period,
    changed,
    complete,
    counted_on,
    gathered,
    holding,
    to_date,
    told,
)

DAYS = st.integers(0, 60_000)


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("kind", "first", "last", "label"),
    [
        ("day", "2026-11-26", "2026-11-26", "2026-11-26"),
        ("week", "2026-11-23", "2026-11-29", "2026-W48"),
        ("month", "2026-11-01", "2026-11-30", "2026-11"),
    ],
)
def test_a_day_is_in_one_period_of_each_kind(kind: str, first: str, last: str, label: str) -> None:
    period = holding(kind, day("2026-11-26"))
    assert (period.first, period.end) == (day(first), day(last) + 1)
    assert period.label == label


def test_the_week_of_the_new_year_has_the_year_of_its_thursday() -> None:
    assert holding("week", day("2027-01-01")).label == "2026-W53"


@given(DAYS, st.sampled_from(KINDS))
def test_periods_follow_each_other_without_gap_or_overlap(at: int, kind: str) -> None:
    period = holding(kind, at)
    assert period.first <= at < period.end
    assert holding(kind, period.end).first == period.end
    assert all(holding(kind, inside) == period for inside in range(period.first, period.end))


def test_a_period_is_told_two_days_after_its_end_and_not_a_second_earlier() -> None:
    schedule, first = [(day("2026-11-02"), "week")], day("2026-11-16")
    end = (day("2026-11-23") + 2) * 86_400
    assert list(told(schedule, first, end - 1)) == []
    assert [period.label for period in told(schedule, first, end)] == ["2026-W47"]


def test_a_week_belongs_to_the_month_of_its_thursday() -> None:
    weeks = [holding("week", day("2026-10-28")), holding("week", day("2026-11-04")), holding("week", day("2026-12-02"))]
    months = gathered(weeks, "month")
    assert {month.label: [week.label for week in found] for month, found in months.items()} == {
        "2026-10": ["2026-W44"],
        "2026-11": ["2026-W45"],
        "2026-12": ["2026-W49"],
    }
    assert gathered([holding("week", day("2026-10-01"))], "month").popitem()[0].label == "2026-10"


def test_finer_than_the_base_is_an_error() -> None:
    with pytest.raises(ValueError, match="finer than the base period"):
        gathered([holding("week", 20_000)], "day")


def test_a_coarser_period_is_told_when_all_of_it_is() -> None:
    november = [holding("week", at) for at in range(day("2026-11-02"), day("2026-11-27"), 7)]
    assert len(complete(gathered(november, "month"))) == 1
    assert complete(gathered(november[:-1], "month")) == {}


@given(DAYS, st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 200)), min_size=1, max_size=5))
def test_whatever_bases_follow_each_other_no_day_is_in_two_periods_told(
    start: int, changes: list[tuple[str, int]]
) -> None:
    schedule: list[tuple[int, str]] = []
    today = start
    for kind, later in changes:
        entry = changed(schedule, kind, today)
        schedule += [entry] if entry else []
        today += later
    periods = list(told(schedule, start, (today + 400) * 86_400.0))
    assert periods
    for one, two in pairwise(periods):
        assert one.end <= two.first
    assert all(any(since <= period.first and kind == period.kind for since, kind in schedule) for period in periods)


def test_a_new_base_begins_with_its_own_first_period_after_the_old_one() -> None:
    old = [(day("2026-11-02"), "week")]
    assert changed(old, "week", day("2026-11-25")) is None
    assert changed(old, "month", day("2026-11-25")) == (day("2026-12-01"), "month")
    assert changed(old, "day", day("2026-11-25")) == (day("2026-11-30"), "day")
    months = [(day("2026-11-01"), "month")]
    assert changed(months, "week", day("2026-11-25")) == (day("2026-12-07"), "week")


def test_the_first_base_holds_from_the_period_that_runs() -> None:
    assert changed([], "week", day("2026-11-25")) == (day("2026-11-23"), "week")


def test_a_period_knows_its_days() -> None:
    assert to_date(day("2026-11-25")) + timedelta(days=1) == date(2026, 11, 26)
    assert Period("day", 5, 6).over(6 * 86_400 + 48 * 3600)


@given(DAYS, st.integers(0, 400), st.floats(0, 86_399), st.sampled_from(KINDS))
def test_what_comes_late_counts_in_a_period_that_is_not_told(at: int, late: int, second: float, kind: str) -> None:
    today = at + late
    day = counted_on(at, today)
    assert day == at or late > 1
    # Not told a day later either, should the writing take that long.
    assert not holding(kind, day).over((today + 1) * 86_400 + second)
