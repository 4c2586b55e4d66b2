"""The counters of the statistics, in tables of their own beside the chain (R-150).

Those of choices are raised by the ledger in the transaction of their events; all others arrive here in batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final, Protocol, TypeAlias

from gateway.statistics.cell import Cell

MOST_NAMES: Final = 200
"""Different names nobody knows that are kept of one day; what comes after them is not listed."""

Raised: TypeAlias = tuple[int, tuple[str, str, str], int]
"""UTC epoch day, the counter, by how much."""


class Tallies(Protocol):
    """The counters of one record. Every method raises LedgerUnavailable."""

    async def add(self, raised: Iterable[Raised]) -> None:
        """Adds to the counters, all or nothing; of unknown names a day keeps the first `MOST_NAMES`."""

    async def days(self, dimensions: Iterable[str]) -> dict[int, dict[Cell, int]]:
        """The counters of these dimensions ("": those without one), by UTC epoch day."""

    async def schedule(self) -> list[tuple[int, str]]:
        """The base periods by the day from which each holds, in order."""

    async def settle(self, kind: str, today: int) -> None:
        """Makes `kind` the base period, from its next own start; an announced base that never began is forgotten."""

    async def pushed(self) -> set[str]:
        """The periods that were sent on already, by their labels."""

    async def note_pushed(self, periods: Iterable[str]) -> None:
        """These periods have been sent on."""


def summed(raised: Iterable[Raised]) -> dict[tuple[int, tuple[str, str, str]], int]:
    """Each counter once, by day and counter."""
    sums: Counter[tuple[int, tuple[str, str, str]]] = Counter()
    for day, cell, n in raised:
        sums[day, cell] += n
    return sums


def beyond(
    names: Collection[tuple[int, tuple[str, str, str]]], kept: Iterable[tuple[int, str, str]]
) -> set[tuple[int, tuple[str, str, str]]]:
    """Those of the names, by day and counter, for which their day has no place beside what is `kept` of it."""
    known = {(day, (what, "name", value)) for day, what, value in kept}
    room = Counter(day for day, _ in known)
    left = {day: MOST_NAMES - room[day] for day, _ in names}
    gone = set()
    for name in dict.fromkeys(names):
        if name not in known:
            left[name[0]] -= 1
            if left[name[0]] < 0:
                gone.add(name)
    return gone
