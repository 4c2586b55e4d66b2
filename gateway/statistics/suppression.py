"""Which counts of one base period may be told: none under K, and none that others give away (R-155, R-157).

What is told is a tree of sums, so that each can be looked at by itself: decisions are acceptances, refusals and choices
in between; each category cuts those in between in two, `granted` less `accept_all` and `refused` less `refuse_all`; and
each further dimension cuts acceptances, other decisions and displays left unanswered into rows. A count is told only if
every difference it forms with others that are told has K at least, and if no group of decisions that agree in all
categories is held under K by all of them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

from gateway.model.categories import OPTIONAL
from gateway.statistics.cell import DECISIONS, ON_BANNER, VALUES, Cell, Counts, granted, refused

K: Final = 10
"""A count under this is not told, zero included."""
STEP: Final = 5
"""Counts are told to the nearest multiple."""

Told: TypeAlias = dict[Cell, int]
"""Counts that may be told, rounded. What is not in it is hidden."""
_ALONE: Final = ("withdraw", "expired", "gpc", "cookieless")
_ALL, _NONE, _SOME = DECISIONS
Key = TypeVar("Key")


def rounded(count: int) -> int:
    """The nearest multiple of STEP."""
    return (count + STEP // 2) // STEP * STEP


def tell(counts: Counts) -> Told:
    """What may be told of decisions, in total, by category, locale, browser and surface.

    Nothing at all if fewer than K decided on the banner. `decisions` is added to the counters.
    """
    total = sum(_total(counts, what) for what in DECISIONS)
    if total < K:
        return {}
    told = {"decisions": total, **_outcomes(counts, total)}
    if _total(counts, "shown") - total >= K:
        told["shown"] = _total(counts, "shown")
    told |= {what: _total(counts, what) for what in _ALONE if _total(counts, what) >= K}
    open_ = {Cell(what): n for what, n in (told | _categories(counts, told)).items()}
    for dimension in ("locale", "browser", "surface"):
        open_ |= _divided(counts, dimension, told)
    return {cell: rounded(n) for cell, n in open_.items()}


def tell_enforcement(counts: Counts) -> Told:
    """What may be told by service, and of unknown names: each count by itself. No sum of them is told but of these."""
    kept = {cell: n for cell, n in counts.items() if cell.what.startswith(("enforced:", "seen:"))}
    if sum(kept.values()) < K:
        return {}
    return {cell: rounded(n) for cell, n in kept.items() if n >= K}


def hide_rows(rows: Mapping[Key, Sequence[int]]) -> set[Key]:
    """The rows, told or hidden as a whole, that must not be told beside the sums of their columns.

    All with a count under K, and the smallest others, until those hidden make K together in each column.
    """
    hidden = {key for key, row in rows.items() if min(row) < K}
    others = [key for key in rows if key not in hidden]
    others.sort(key=lambda key: (sum(rows[key]), str(key)), reverse=True)
    while hidden and others and not _protected([rows[key] for key in hidden]):
        hidden.add(others.pop())
    return hidden


def _protected(rows: Sequence[Sequence[int]]) -> bool:
    return len(rows) > 1 and all(sum(column) >= K for column in zip(*rows, strict=True))


def _total(counts: Counts, what: str) -> int:
    return counts.get(Cell(what), 0)


def _outcomes(counts: Counts, total: int) -> dict[str, int]:
    """All three outcomes, or the acceptances or else the refusals beside the rest, or none."""
    every = {what: _total(counts, what) for what in DECISIONS}
    if min(every.values()) >= K:
        return every
    return next(({what: every[what]} for what in (_ALL, _NONE) if K <= every[what] <= total - K), {})


def _categories(counts: Counts, told: Mapping[str, int]) -> dict[str, int]:
    """The grants and refusals of the categories: both of a category or neither."""
    every = {c: (_total(counts, granted(c)), _total(counts, refused(c))) for c in OPTIONAL}
    offered = {c: pair for c, pair in every.items() if any(pair)}
    if any(sum(pair) != told["decisions"] for pair in offered.values()):
        return {}  # The offer changed: who was not asked about a category would be a difference too.
    left = told["decisions"] - told.get(_ALL, 0) - told.get(_NONE, 0)
    between = {c: (yes - told.get(_ALL, 0), no - told.get(_NONE, 0)) for c, (yes, no) in offered.items()}
    open_ = [c for c in offered if min(between[c]) >= K]
    if len(offered) == 1:
        open_ = [c for c in offered if _ALL in told]  # Its grants are the acceptances.
    elif open_ and len(open_) == len(offered) and not _open_together(list(between.values()), left, told):
        open_.remove(min(open_, key=lambda c: (min(between[c]), c)))
    return {name(c): _total(counts, name(c)) for c in open_ for name in (granted, refused)}


def _open_together(between: Sequence[tuple[int, int]], left: int, told: Mapping[str, int]) -> bool:
    """Whether K could have chosen alike in all categories, for any choice, given what is told of each of them.

    Of those `left` everybody refuses something if the acceptances are not among them. What is refused beyond that
    bounds how many refused more than one thing; if the refusals are not among them, how many refused everything.
    Likewise for grants.
    """
    more = len(between) - 1 - (_ALL in told and _NONE in told)
    return all(
        sum(pair[side] for pair in between) - left >= more * K for side, what in ((1, _ALL), (0, _NONE)) if what in told
    )


def _divided(counts: Counts, dimension: str, told: Mapping[str, int]) -> dict[Cell, int]:
    """The rows of one dimension: decisions, and acceptances and displays where these are told in total."""
    values = VALUES[dimension]
    summed = ON_BANNER if dimension == "surface" else values
    open_: dict[Cell, int] = {}
    rows = {}
    for value in values:
        shown, yes = (counts.get(Cell(what, dimension, value), 0) for what in ("shown", _ALL))
        every = sum(counts.get(Cell(what, dimension, value), 0) for what in DECISIONS)
        row = {"decisions": every, **({_ALL: yes} if _ALL in told else {})}
        parts = [yes, every - yes] if _ALL in told else [every]
        if "shown" in told and dimension != "surface":
            row["shown"] = shown
            parts.append(shown - every)
        rows[value] = parts
        open_ |= {Cell(what, dimension, value): n for what, n in row.items()}
    hidden = hide_rows({value: rows[value] for value in summed})
    hidden |= _small({value: rows[value] for value in values if value not in summed})
    return {cell: n for cell, n in open_.items() if cell.value not in hidden}


def _small(rows: Mapping[Key, Iterable[int]]) -> set[Key]:
    return {key for key, row in rows.items() if min(row) < K}
