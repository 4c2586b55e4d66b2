"""The counters of the statistics, in a table of their own beside the chain (R-150).

Those of choices are raised by the ledger in the transaction of their events; all others arrive here in batches.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import aiosqlite

from gateway.errors import LedgerUnavailable
from gateway.ledger.files import IMPATIENT, begin, connect
from gateway.statistics.cell import Cell
from gateway.statistics.periods import changed

BUSY = 10.0
MOST_NAMES = 200
"""Different names nobody knows that are kept of one day; what comes after them is not listed."""

Raised: TypeAlias = tuple[int, tuple[str, str, str], int]
"""UTC epoch day, the counter, by how much."""

_RAISE = """
    INSERT INTO tally (day, what, dimension, value, n) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n
"""
_NAMES = "SELECT day, what, value FROM tally WHERE dimension = 'name' AND day >= ?"
_READ = "SELECT day, what, value, n FROM tally WHERE dimension = ?"


async def raise_counters(connection: aiosqlite.Connection, raised: Iterable[Raised]) -> None:
    """Adds to the counters, within the transaction that `connection` is in."""
    sums: Counter[tuple[int, tuple[str, str, str]]] = Counter()
    for day, cell, n in raised:
        sums[day, cell] += n
    await connection.executemany(_RAISE, [(day, *cell, n) for (day, cell), n in sums.items()])


class Tallies:
    """The counters of the record whose chain is at `path`. Every method raises LedgerUnavailable."""

    def __init__(self, path: Path, *, busy: float = BUSY) -> None:
        self._path = path.absolute()
        self._busy = busy

    async def add(self, raised: Iterable[Raised]) -> None:
        """Adds to the counters, all or nothing; of unknown names a day keeps the first `MOST_NAMES`."""
        batch = list(raised)
        async with self._connected() as connection:
            await connection.execute(IMPATIENT)
            await begin(connection, busy=self._busy)
            names = [(day, cell) for day, cell, _ in batch if cell[1] == "name"]
            if names:
                gone = await _beyond(connection, names)
                batch = [(day, cell, n) for day, cell, n in batch if (day, cell) not in gone]
            await raise_counters(connection, batch)
            await connection.execute("COMMIT")

    async def days(self, dimensions: Iterable[str]) -> dict[int, dict[Cell, int]]:
        """The counters of these dimensions ("": those without one), by UTC epoch day."""
        found: dict[int, dict[Cell, int]] = {}
        async with self._connected() as connection:
            for dimension in dimensions:
                for day, what, value, n in await connection.execute_fetchall(_READ, (dimension,)):
                    found.setdefault(day, {})[Cell(what, dimension, value)] = n
        return found

    async def schedule(self) -> list[tuple[int, str]]:
        """The base periods by the day from which each holds, in order."""
        async with self._connected() as connection:
            rows = await connection.execute_fetchall("SELECT since, kind FROM base ORDER BY since")
        return [(since, kind) for since, kind in rows]

    async def settle(self, kind: str, today: int) -> None:
        """Makes `kind` the base period, from its next own start; an announced base that never began is forgotten."""
        async with self._connected() as connection:
            await begin(connection, busy=self._busy)
            await connection.execute("DELETE FROM base WHERE since > ?", (today,))
            rows = await connection.execute_fetchall("SELECT since, kind FROM base ORDER BY since")
            new = changed([(since, old) for since, old in rows], kind, today)
            if new is not None:
                await connection.execute("INSERT INTO base VALUES (?, ?)", new)
            await connection.execute("COMMIT")

    async def pushed(self) -> set[str]:
        """The periods that were sent on already, by their labels."""
        async with self._connected() as connection:
            rows = await connection.execute_fetchall("SELECT period FROM pushed")
        return {period for (period,) in rows}

    async def note_pushed(self, periods: Iterable[str]) -> None:
        """These periods have been sent on."""
        async with self._connected() as connection:
            await connection.executemany("INSERT OR IGNORE INTO pushed VALUES (?)", [(period,) for period in periods])

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosqlite.Connection]:
        try:
            connection = await connect(self._path, busy=self._busy)
            try:
                yield connection
            finally:
                await connection.close()
        except (sqlite3.Error, OSError) as error:
            raise LedgerUnavailable(f"{self._path}: {error}") from error


async def _beyond(
    connection: aiosqlite.Connection, names: Iterable[tuple[int, tuple[str, str, str]]]
) -> set[tuple[int, tuple[str, str, str]]]:
    """Those of the names for which their day has no place."""
    names = list(names)
    rows = await connection.execute_fetchall(_NAMES, (min(day for day, _ in names),))
    known = {(day, (what, "name", value)) for day, what, value in rows}
    room: Mapping[int, int] = Counter(day for day, _ in known)
    left = {day: MOST_NAMES - room[day] for day, _ in names}
    gone = set()
    for name in dict.fromkeys(names):
        if name not in known:
            left[name[0]] -= 1
            if left[name[0]] < 0:
                gone.add(name)
    return gone
