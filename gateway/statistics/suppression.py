"""Which counts of one base period may be told: none under K, and none that others give away (R-155, R-157).

The counts told hang together as a tree: decisions are the sum of `accept_all`, `refuse_all` and `save`; of the grants
and refusals of each category; and what is told of every further dimension adds up to a count of that root. In a tree a
hidden count can only be bounded by its own sum, so it is enough to look at one sum at a time: never exactly one part
is hidden beside the sum, and those hidden make K together. Rows of a dimension are told or hidden as a whole.

Nobody is told how many decisions of a dimension's value were a refusal and how many a choice in between: with that the
counts would form a table with sums in both directions, where looking at one sum at a time is not enough.
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
_ALONE: Final = ("shown", "withdraw", "expired", "gpc", "cookieless")
Key = TypeVar("Key")


def rounded(count: int) -> int:
    """The nearest multiple of STEP."""
    return (count + STEP // 2) // STEP * STEP


def tell(counts: Counts) -> Told:
    """What may be told of decisions, in total, by category, locale, browser and surface.

    Nothing at all if fewer than K decided on the banner. `decisions` is added to the counters.
    """
    total = sum(counts.get(Cell(what), 0) for what in DECISIONS)
    if total < K:
        return {}
    parts = {Cell(what): counts.get(Cell(what), 0) for what in DECISIONS}
    hidden = hide(parts, last=Cell("accept_all"))
    open_ = {Cell("decisions"): total, **{cell: n for cell, n in parts.items() if cell not in hidden}}
    open_ |= {Cell(what): counts[Cell(what)] for what in _ALONE if counts.get(Cell(what), 0) >= K}
    for category in OPTIONAL:
        pair = {Cell(name(category)): counts.get(Cell(name(category)), 0) for name in (granted, refused)}
        open_ |= pair if min(pair.values()) >= K else {}
    for dimension in ("locale", "browser", "surface"):
        open_ |= _decided(counts, dimension, accepting=Cell("accept_all") in open_)
    if Cell("shown") in open_:
        for dimension in ("locale", "browser"):
            open_ |= _without_hidden(_column(counts, ("shown",), dimension, VALUES[dimension]))
    return {cell: rounded(n) for cell, n in open_.items()}


def tell_enforcement(counts: Counts) -> Told:
    """What may be told by service, and of unknown names: each count by itself. No sum of them is told but of these."""
    kept = {cell: n for cell, n in counts.items() if cell.what.startswith(("enforced:", "seen:"))}
    if sum(kept.values()) < K:
        return {}
    return {cell: rounded(n) for cell, n in kept.items() if n >= K}


def hide(parts: Mapping[Key, int], last: Key | None = None) -> set[Key]:
    """The parts of a sum that is told which must not be: all under K, and the smallest others that protect them.

    `last` is hidden only if all others are not enough: the acceptances, which every dimension needs.
    """
    return hide_rows({key: (n,) for key, n in parts.items()}, last)


def hide_rows(rows: Mapping[Key, Sequence[int]], last: Key | None = None) -> set[Key]:
    """As `hide` where several columns have sums that are told, and a row is told or hidden as a whole."""
    hidden = {key for key, row in rows.items() if min(row) < K}
    others = [key for key in rows if key not in hidden]
    others.sort(key=lambda key: (key == last, sum(rows[key]), str(key)), reverse=True)
    while hidden and others and not _protected([rows[key] for key in hidden]):
        hidden.add(others.pop())
    return hidden


def _protected(rows: Sequence[Sequence[int]]) -> bool:
    return len(rows) > 1 and all(sum(column) >= K for column in zip(*rows, strict=True))


def _decided(counts: Counts, dimension: str, *, accepting: bool) -> dict[Cell, int]:
    """Decisions and, where their sum is told too, acceptances by the values of one dimension."""
    values = VALUES[dimension]
    summed = ON_BANNER if dimension == "surface" else values
    every = _column(counts, DECISIONS, dimension, values)
    yes = _column(counts, ("accept_all",), dimension, values)
    both = zip(values, yes.values(), every.values(), strict=True)
    rows = {value: (a, d - a) if accepting else (d,) for value, a, d in both}
    hidden = hide_rows({value: rows[value] for value in summed})
    hidden |= {value for value in values if value not in summed and min(rows[value]) < K}
    told = [value for value in values if value not in hidden]
    found = {Cell("decisions", dimension, value): every[Cell("decisions", dimension, value)] for value in told}
    if accepting:
        found |= {Cell("accept_all", dimension, value): yes[Cell("accept_all", dimension, value)] for value in told}
    return found


def _column(counts: Counts, whats: Sequence[str], dimension: str, values: Iterable[str]) -> dict[Cell, int]:
    name = whats[0] if len(whats) == 1 else "decisions"
    return {
        Cell(name, dimension, value): sum(counts.get(Cell(what, dimension, value), 0) for what in whats)
        for value in values
    }


def _without_hidden(parts: dict[Cell, int]) -> dict[Cell, int]:
    hidden = hide(parts)
    return {cell: n for cell, n in parts.items() if cell not in hidden}
