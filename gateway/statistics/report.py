"""What is answered: counts told of closed periods along one dimension, with their rates and formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.categories import OPTIONAL
from gateway.statistics.cell import DECISIONS, VALUES, Cell, granted, refused
from gateway.statistics.cell import KINDS as ENFORCED
from gateway.statistics.formulas import CATEGORY_RATES, RATES, Formula, rate
from gateway.statistics.periods import KINDS, Period, Schedule, complete, gathered, told
from gateway.statistics.suppression import Told, tell, tell_enforcement

DIMENSIONS: Final = ("category", "locale", "browser", "surface", "service")
"""What statistics can be asked by, one at a time; without one there are totals."""
UNKNOWN: Final = ("seen:cookie", "seen:host")

Days = Mapping[int, Mapping[Cell, int]]
"""The counters of each UTC epoch day."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value of the dimension, "" for totals. What is hidden is None."""

    value: str
    counts: Mapping[str, int | None]
    rates: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One period: `enough` says whether anything of it may be told, `base` how many base periods it is made of."""

    period: Period
    enough: bool
    base: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Report:
    """The periods in order, with the formulas of their rates."""

    by: str
    kind: str
    base: str
    parts: Sequence[Part]
    formulas: Sequence[Formula]


def needed(by: str) -> tuple[str, ...]:
    """The dimensions of the counters a report is made of."""
    return ("service",) if by == "service" else ("",) if by in ("", "category") else ("", by)


def report(days: Days, schedule: Schedule, now: float, *, by: str = "", kind: str = "") -> Report:
    """The statistics `by` one of `DIMENSIONS`, or in total, in periods of `kind` (default: the base's).

    Raises ValueError, with what was expected, for another dimension or period, or one finer than the base.
    """
    if by and by not in DIMENSIONS:
        raise ValueError(f"by {by[:40]!r}: expected one of {', '.join(DIMENSIONS)}")
    base = schedule[-1][1] if schedule else "week"
    kind = kind or base
    if kind not in KINDS:
        raise ValueError(f"period {kind[:40]!r}: expected one of {', '.join(KINDS)}")
    periods = list(told(schedule, min(days, default=0), now)) if days else []
    _require_coarser(kind, base)
    parts = []
    for whole, bases in complete(gathered(_not_finer(periods, kind), kind)).items():
        answers = [_told(days, period, by) for period in bases]
        rows = _service_rows(answers) if by == "service" else [_row(answers, by, value) for value in _values(by)]
        parts.append(Part(whole, any(answers), len(bases), rows))
    return Report(by, kind, base, parts, _formulas(by))


def unknown(days: Days, schedule: Schedule, now: float) -> list[tuple[str, str, int]]:
    """What was seen of cookies and hosts nobody knows: kind, masked name, times; the most frequent first."""
    totals: dict[tuple[str, str], int] = {}
    for period in told(schedule, min(days, default=0), now) if days else ():
        for cell, n in _told(days, period, "service").items():
            if cell.what in UNKNOWN:
                key = (cell.what.removeprefix("seen:"), cell.value)
                totals[key] = totals.get(key, 0) + n
    return sorted(((*key, n) for key, n in totals.items()), key=lambda found: (-found[2], found))


def _require_coarser(kind: str, base: str) -> None:
    if KINDS.index(kind) < KINDS.index(base):
        raise ValueError(f"period {kind!r}: finer than the base period, which is the {base}")


def _not_finer(periods: Iterable[Period], kind: str) -> list[Period]:
    """Periods of an earlier, coarser base do not fit into a finer answer: they are left out of it."""
    return [period for period in periods if KINDS.index(kind) >= KINDS.index(period.kind)]


def _told(days: Days, period: Period, by: str) -> Told:
    counts: dict[Cell, int] = {}
    for day in range(period.first, period.end):
        for cell, n in days.get(day, {}).items():
            counts[cell] = counts.get(cell, 0) + n
    return tell_enforcement(counts) if by == "service" else tell(counts)


def _formulas(by: str) -> Sequence[Formula]:
    if by == "service":
        return ()
    if by == "category":
        return CATEGORY_RATES
    return [formula for formula in RATES if by != "surface" or formula.over != "shown"]


def _values(by: str) -> Sequence[str]:
    return [c.value for c in OPTIONAL] if by == "category" else VALUES[by] if by else ("",)


def _cells(by: str, value: str) -> dict[str, Cell]:
    """The counts of one row by their names."""
    if by == "category":
        category = next(c for c in OPTIONAL if c.value == value)
        own = {"granted": Cell(granted(category)), "refused": Cell(refused(category))}
        return own | {"decisions": Cell("decisions"), "shown": Cell("shown")}
    return {name: Cell(name, by, value) for name in _names(by)}


def _names(by: str) -> Sequence[str]:
    if not by:
        return ("shown", "decisions", *DECISIONS, "withdraw", "expired", "gpc", "cookieless")
    return ("decisions", "accept_all") if by == "surface" else ("shown", "decisions", "accept_all")


def _row(answers: Sequence[Told], by: str, value: str) -> Row:
    cells = _cells(by, value)
    numbers = [{name: answer[cell] for name, cell in cells.items() if cell in answer} for answer in answers]
    rates = {formula.name: rate(formula, numbers) for formula in _formulas(by)}
    return Row(value, {name: _sum(numbers, name) for name in cells}, rates)


def _service_rows(answers: Sequence[Told]) -> list[Row]:
    services = sorted({cell.value for answer in answers for cell in answer if cell.dimension == "service"})
    rows = []
    for value in services:
        cells = {kind: Cell(f"enforced:{kind}", "service", value) for kind in ENFORCED}
        numbers = [{kind: answer[cell] for kind, cell in cells.items() if cell in answer} for answer in answers]
        rows.append(Row(value, {kind: _sum(numbers, kind) for kind in cells}, {}))
    return rows


def _sum(numbers: Sequence[Mapping[str, int]], name: str) -> int | None:
    found = [period[name] for period in numbers if name in period]
    return sum(found) if found else None
