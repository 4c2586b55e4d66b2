"""When the evidence of a consent has been kept long enough."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.model.entry import Kind
from gateway.model.retention import Retention, epoch_day

RULE = Retention(years=5, grant_days=185, refusal_days=366)


@pytest.mark.parametrize(
    ("today", "cut_off"),
    [("2031-11-25", "2026-11-25"), ("2032-02-29", "2027-02-28"), ("2033-02-28", "2028-02-28")],
)
def test_the_cut_off_is_the_same_date_years_before(today: str, cut_off: str) -> None:
    assert RULE.cut_off(epoch_day(date.fromisoformat(today))) == epoch_day(date.fromisoformat(cut_off))


def test_more_years_than_there_are_keep_everything() -> None:
    assert Retention(years=9999).cut_off(20_000) < 0


def test_a_refusal_ends_when_it_lapses() -> None:
    assert RULE.refused_by(20_000) == RULE.cut_off(20_000) - 366


def body(granted: int, surface: str = "banner") -> dict[str, object]:
    return {"choices": {"preferences": granted, "statistics": 0, "marketing": 0}, "surface": surface}


def test_a_consent_ends_with_what_takes_everything_or_lapses() -> None:
    start = epoch_day(date(2026, 1, 1))
    grant = ("2026-01-01", Kind.GRANT, body(1))
    assert RULE.ended([grant]) == start + 185  # type: ignore[list-item]
    assert RULE.ended([grant, ("2026-01-05", Kind.WITHDRAW, body(0))]) == start + 4  # type: ignore[list-item]
    assert RULE.ended([grant, ("2026-01-05", Kind.GPC, body(1, "gpc"))]) == start + 185  # type: ignore[list-item]
    assert RULE.ended([grant, ("2026-01-05", Kind.CHANGE, body(1))]) == start + 189  # type: ignore[list-item]


def test_a_consent_whose_beginning_is_gone_lapses_from_its_first_known_day() -> None:
    partial = [("2026-01-05", Kind.WITHDRAW, body(1))]
    assert RULE.ended(partial) == epoch_day(date(2026, 1, 5)) + 185  # type: ignore[arg-type]


def test_a_choice_that_was_recorded_late_does_not_set_the_lifetime_back() -> None:
    days = ["2026-01-01", "2026-01-09", "2026-01-05"]
    told_late = [(day, Kind.CHANGE, {**body(1), "minute": f"{day}T10:00Z"}) for day in days]
    assert RULE.ended(told_late) == epoch_day(date(2026, 1, 9)) + 185  # type: ignore[arg-type]
