"""Base periods: fixed bounds in UTC, told only when they are long over (R-153, R-158).

Days are epoch days. A period that is not of the base in force is a sum of base periods that are told; a week belongs
to the month of its Thursday (ISO 8601).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeAlias

KINDS: Final = ("day", "week", "month")
"""The finer first."""
DELAY: Final = 48 * 3600
"""Seconds after its end until a period is told."""

Schedule: TypeAlias = Sequence[tuple[int, str]]
"""Base periods by the day from which each holds, in order."""
_EPOCH: Final = date(1970, 1, 1)


def counted_on(day: int, today: int) -> int:
    """The day on which something that happened on `day` counts if it is written down on `today`.

    The day before, at the earliest: no period that has it is told yet, so that one told never changes (`DELAY`).
    """
    return max(day, today - 1)


class Period(NamedTuple):
    """The days `first` to `end` (not included), of one of `KINDS`."""

    kind: str
    first: int
    end: int

    @property
    def label(self) -> str:
        """ISO 8601: 2026-11-26, 2026-W48, 2026-11."""
        day = to_date(self.first)
        if self.kind == "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        return day.isoformat() if self.kind == "day" else day.isoformat()[:7]

    def over(self, now: float) -> bool:
        """Whether it may be told at `now` (seconds since the epoch)."""
        return now >= self.end * 86_400 + DELAY


def to_date(day: int) -> date:
    """The UTC date of an epoch day."""
    return _EPOCH + timedelta(days=day)


def holding(kind: str, day: int) -> Period:
    """The period of `kind` that `day` is in."""
    if kind == "day":
        return Period(kind, day, day + 1)
    if kind == "week":
        monday = day - to_date(day).weekday()
        return Period(kind, monday, monday + 7)
    first = to_date(day).replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(kind, (first - _EPOCH).days, (following - _EPOCH).days)


def told(schedule: Schedule, first_day: int, now: float) -> Iterator[Period]:
    """The base periods that may be told at `now`, from the one that holds `first_day` on.

    One that reaches into the time of another base, or began before its own, is never told.
    """
    ends = [since for since, _ in schedule[1:]]
    for (since, kind), end in zip(schedule, [*ends, int(now // 86_400) + 1], strict=True):
        period = holding(kind, max(since, first_day))
        while period.end <= end and period.over(now):
            if period.first >= since:
                yield period
            period = holding(kind, period.end)


def gathered(periods: Iterable[Period], kind: str) -> dict[Period, list[Period]]:
    """Base periods by the period of `kind` they belong to. Raises ValueError for a `kind` finer than one of them."""
    found: dict[Period, list[Period]] = {}
    for period in periods:
        if KINDS.index(kind) < KINDS.index(period.kind):
            raise ValueError(f"{kind}: finer than the base period, which is the {period.kind}")
        found.setdefault(_whole(period, kind), []).append(period)
    return found


def complete(whole: dict[Period, list[Period]]) -> dict[Period, list[Period]]:
    """Without the last one if the base period that comes next belongs to it too."""
    if whole:
        last = next(reversed(whole))
        latest = whole[last][-1]
        if _whole(holding(latest.kind, latest.end), last.kind) == last:
            return {period: bases for period, bases in whole.items() if period != last}
    return whole


def _whole(period: Period, kind: str) -> Period:
    middle = period.first + 3 if period.kind == "week" else period.first
    return period if period.kind == kind else holding(kind, middle)


def changed(schedule: Schedule, kind: str, today: int) -> tuple[int, str] | None:
    """What to add to `schedule` so that the base is `kind` from its next own start; None if it is already.

    A running period of the old base is finished first, so that none is ever cut in two.
    """
    if not schedule:
        return holding(kind, today).first, kind
    since, last = schedule[-1]
    if last == kind:
        return None
    old_end = holding(last, max(today, since)).end
    start = holding(kind, old_end)
    return (start.first if start.first == old_end else start.end), kind
