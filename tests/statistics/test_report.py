"""One dimension, closed periods, and coarser answers that are sums of finer ones."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.statistics.cell import Cell, Counts
from gateway.statistics.periods import holding
from gateway.statistics.report import DIMENSIONS, Report, needed, report, unknown
from tests.statistics.histories import counts_of, histories

MONDAY = holding("week", 20_000).first
LATER = (MONDAY + 400) * 86_400.0
WEEKS = [(MONDAY, "week")]
BUSY = counts_of([(100, 7, "en", "chrome", "banner"), (60, 0, "en", "chrome", "banner")], [(400, "en", "chrome")])


def total(answer: Report) -> Counter[tuple[str, str]]:
    """Every count told, summed over the periods, by value and name."""
    found: Counter[tuple[str, str]] = Counter()
    for part in answer.parts:
        for row in part.rows:
            for name, n in row.counts.items():
                found[row.value, name] += n or 0
    return found


def test_totals_come_with_their_rates() -> None:
    (part,) = report({MONDAY: BUSY}, WEEKS, (MONDAY + 10) * 86_400.0).parts
    (row,) = part.rows
    assert part.period.label == holding("week", MONDAY).label
    assert {name: n for name, n in row.counts.items() if n} == {"shown": 400, "decisions": 160, "accept_all": 100} | {}
    assert row.rates == {"interaction": 0.4, "no_choice": 0.6, "acceptance": 0.625}


def test_a_week_of_too_few_is_said_to_be_one() -> None:
    (part,) = report({MONDAY: Counter({Cell("save"): 9})}, WEEKS, (MONDAY + 10) * 86_400.0).parts
    assert not part.enough
    assert set(part.rows[0].counts.values()) | set(part.rows[0].rates.values()) == {None}


@pytest.mark.parametrize("by", ["device", "revision", "locale,browser", "Category", "x" * 99])
def test_another_dimension_is_an_error(by: str) -> None:
    with pytest.raises(ValueError, match="expected one of category, locale, browser, surface, service"):
        report({}, WEEKS, LATER, by=by)


def test_another_period_is_an_error_and_a_finer_one_too_even_without_data() -> None:
    with pytest.raises(ValueError, match="expected one of day, week, month"):
        report({}, WEEKS, LATER, kind="hour")
    with pytest.raises(ValueError, match="finer than the base"):
        report({}, WEEKS, LATER, kind="day")


@settings(max_examples=60)
@given(st.lists(histories, min_size=5, max_size=9), st.sampled_from(["", *DIMENSIONS]))
def test_coarser_counts_are_sums_of_the_base_counts_told(weeks: list[Counts], by: str) -> None:
    """So nothing can be learnt from them that the base does not tell."""
    history = {MONDAY + 7 * number: counts for number, counts in enumerate(weeks)}
    fine = report(history, WEEKS, LATER, by=by)
    coarse = report(history, WEEKS, LATER, by=by, kind="month")
    for part in coarse.parts:
        inside = [week for week in fine.parts if holding("month", week.period.first + 3) == part.period]
        assert len(inside) == part.base
        assert total(Report(by, "month", "week", [part], ())) == total(Report(by, "week", "week", inside, ()))


@settings(max_examples=20)
@given(st.lists(histories, min_size=20, max_size=20))
def test_days_weeks_and_months_of_a_daily_base_tell_the_same_counts(days: list[Counts]) -> None:
    history = {MONDAY + number: counts for number, counts in enumerate(days)}
    daily = report(history, [(MONDAY, "day")], LATER, by="category")
    weekly = report(history, [(MONDAY, "day")], LATER, by="category", kind="week")
    assert total(weekly) == total(daily)


def test_a_daily_base_asked_after_weeks_leaves_the_weeks_whole() -> None:
    history = {MONDAY: BUSY, MONDAY + 7: BUSY}
    answer = report(history, [(MONDAY, "week"), (MONDAY + 7, "day")], (MONDAY + 12) * 86_400.0)
    assert next(iter(answer.parts)).period.first == MONDAY + 7
    weekly = report(history, [(MONDAY, "week"), (MONDAY + 7, "day")], LATER, kind="week")
    assert [(part.period.first, part.base) for part in weekly.parts][:2] == [(MONDAY, 1), (MONDAY + 7, 7)]


def test_services_are_rows_of_what_was_enforced() -> None:
    cells = Counter({Cell("enforced:scripts", "service", "meta"): 44, Cell("enforced:pixels", "service", "meta"): 9})
    (part,) = report({MONDAY: cells}, WEEKS, LATER, by="service").parts[:1]
    (row,) = part.rows
    assert (row.value, row.counts["scripts"], row.counts["pixels"]) == ("meta", 45, None)


def test_unknown_names_are_listed_once_they_were_seen_often_enough() -> None:
    seen = Counter({Cell("seen:cookie", "name", "uid_*"): 33, Cell("seen:host", "name", "cdn*.example"): 9})
    assert unknown({MONDAY: seen}, WEEKS, LATER) == [("cookie", "uid_*", 35)]
    assert unknown({MONDAY: seen}, WEEKS, (MONDAY + 8) * 86_400.0) == []


def test_a_report_reads_no_counters_but_its_own() -> None:
    assert [needed(by) for by in ("", "category", "locale", "service")] == [("",), ("",), ("", "locale"), ("service",)]
