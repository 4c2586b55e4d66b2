"""The counters of the statistics in PostgreSQL, in the record's database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from gateway.ledger.postgresql.connections import PATIENCE, Connection, Connections
from gateway.ledger.tallies import Raised, beyond, summed
from gateway.statistics.cell import Cell
from gateway.statistics.periods import changed

_RAISE: Final = """
    INSERT INTO tally (day, what, dimension, value, n) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (dimension, day, what, value) DO UPDATE SET n = tally.n + excluded.n
"""
_LOCK: Final = "SELECT 1 FROM writer WHERE name = 'counters' FOR UPDATE"


async def raise_counters(connection: Connection, raised: Iterable[Raised]) -> None:
    """Adds to the counters, within the transaction that `connection` is in."""
    # In one order everywhere: two gateways that raise the same two would wait for each other otherwise.
    rows = sorted((day, *cell, n) for (day, cell), n in summed(raised).items())
    if rows:
        await connection.executemany(_RAISE, rows)


class PostgresTallies:
    """See `Tallies`. The counters in the database at `url`."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._connections = Connections(url, patience=patience)

    async def add(self, raised: Iterable[Raised]) -> None:
        batch = list(raised)
        names = [(day, cell) for day, cell, _ in batch if cell[1] == "name"]
        async with self._alone() as connection:
            if names:
                first = min(day for day, _ in names)
                rows = await connection.fetch(
                    "SELECT day, what, value FROM tally WHERE dimension = 'name' AND day >= $1", first
                )
                gone = beyond(names, [(day, what, value) for day, what, value in rows])
                batch = [(day, cell, n) for day, cell, n in batch if (day, cell) not in gone]
            await raise_counters(connection, batch)

    async def days(self, dimensions: Iterable[str]) -> dict[int, dict[Cell, int]]:
        found: dict[int, dict[Cell, int]] = {}
        async with self._connections.reading() as connection:
            for dimension in dimensions:
                rows = await connection.fetch("SELECT day, what, value, n FROM tally WHERE dimension = $1", dimension)
                for day, what, value, n in rows:
                    found.setdefault(day, {})[Cell(what, dimension, value)] = n
        return found

    async def schedule(self) -> list[tuple[int, str]]:
        async with self._connections.reading() as connection:
            return await _schedule(connection)

    async def settle(self, kind: str, today: int) -> None:
        async with self._alone() as connection:
            await connection.execute("DELETE FROM base WHERE since > $1", today)
            new = changed(await _schedule(connection), kind, today)
            if new is not None:
                await connection.execute("INSERT INTO base VALUES ($1, $2)", *new)

    async def pushed(self) -> set[str]:
        async with self._connections.reading() as connection:
            return {row["period"] for row in await connection.fetch("SELECT period FROM pushed")}

    async def note_pushed(self, periods: Iterable[str]) -> None:
        async with self._connections.writing() as connection:
            await connection.executemany(
                "INSERT INTO pushed VALUES ($1) ON CONFLICT DO NOTHING", [(period,) for period in sorted(periods)]
            )

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Connection]:
        """A transaction during which no other gateway writes counters of its own."""
        async with self._connections.writing() as connection:
            await connection.execute(_LOCK)
            yield connection


async def _schedule(connection: Connection) -> list[tuple[int, str]]:
    rows = await connection.fetch("SELECT since, kind FROM base ORDER BY since")
    return [(row["since"], row["kind"]) for row in rows]
