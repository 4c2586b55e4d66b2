"""The counters of the statistics in SQLite, in the chain's file."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from gateway.errors import LedgerUnavailable
from gateway.ledger.files import IMPATIENT, begin, connect
from gateway.ledger.tallies import Raised, beyond, summed
from gateway.statistics.cell import Cell
from gateway.statistics.periods import changed

BUSY = 10.0

_RAISE = """
    INSERT INTO tally (day, what, dimension, value, n) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET n = n + excluded.n
"""
_NAMES = "SELECT day, what, value FROM tally WHERE dimension = 'name' AND day >= ?"
_READ = "SELECT day, what, value, n FROM tally WHERE dimension = ?"


async def raise_counters(connection: aiosqlite.Connection, raised: Iterable[Raised]) -> None:
    """Adds to the counters, within the transaction that `connection` is in."""
    await connection.executemany(_RAISE, [(day, *cell, n) for (day, cell), n in summed(raised).items()])


class SqliteTallies:
    """See `Tallies`. The counters of the record whose chain is at `path`."""

    def __init__(self, path: Path, *, busy: float = BUSY) -> None:
        self._path = path.absolute()
        self._busy = busy

    async def add(self, raised: Iterable[Raised]) -> None:
        batch = list(raised)
        async with self._connected() as connection:
            await connection.execute(IMPATIENT)
            await begin(connection, busy=self._busy)
            names = [(day, cell) for day, cell, _ in batch if cell[1] == "name"]
            if names:
                first = min(day for day, _ in names)
                gone = beyond(names, [tuple(row) for row in await connection.execute_fetchall(_NAMES, (first,))])
                batch = [(day, cell, n) for day, cell, n in batch if (day, cell) not in gone]
            await raise_counters(connection, batch)
            await connection.execute("COMMIT")

    async def days(self, dimensions: Iterable[str]) -> dict[int, dict[Cell, int]]:
        found: dict[int, dict[Cell, int]] = {}
        async with self._connected() as connection:
            for dimension in dimensions:
                for day, what, value, n in await connection.execute_fetchall(_READ, (dimension,)):
                    found.setdefault(day, {})[Cell(what, dimension, value)] = n
        return found

    async def schedule(self) -> list[tuple[int, str]]:
        async with self._connected() as connection:
            rows = await connection.execute_fetchall("SELECT since, kind FROM base ORDER BY since")
        return [(since, kind) for since, kind in rows]

    async def settle(self, kind: str, today: int) -> None:
        async with self._connected() as connection:
            await begin(connection, busy=self._busy)
            await connection.execute("DELETE FROM base WHERE since > ?", (today,))
            rows = await connection.execute_fetchall("SELECT since, kind FROM base ORDER BY since")
            new = changed([(since, old) for since, old in rows], kind, today)
            if new is not None:
                await connection.execute("INSERT INTO base VALUES (?, ?)", new)
            await connection.execute("COMMIT")

    async def pushed(self) -> set[str]:
        async with self._connected() as connection:
            rows = await connection.execute_fetchall("SELECT period FROM pushed")
        return {period for (period,) in rows}

    async def note_pushed(self, periods: Iterable[str]) -> None:
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
