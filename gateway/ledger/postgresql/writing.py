"""One writer at a time: how events become the next rows of the chain, with their bodies and counters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Final

from gateway.ledger.postgresql import partitions
from gateway.ledger.postgresql.connections import Connection, transaction
from gateway.ledger.postgresql.tallies import raise_counters
from gateway.ledger.rows import body_row, chain_row, kept_row
from gateway.ledger.sealing import sealed
from gateway.model.entry import CHOICES, GENESIS, Entry, Event

# A row's lock and not an advisory one: engines that only resemble PostgreSQL have these.
_LOCK: Final = "SELECT 1 FROM writer WHERE name = 'chain' FOR UPDATE"
LAST: Final = "SELECT seq, head FROM chain ORDER BY seq DESC LIMIT 1"


class Writer:
    """Writes on a `connection` that nothing else uses. Raises one of `connections.FAILURES`; it is done for then."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._months: set[str] = set()

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """A transaction during which no other gateway writes to the chain."""
        async with transaction(self.connection):
            await self.connection.execute(_LOCK)
            yield

    async def commit(self, events: Sequence[Event]) -> list[Entry]:
        """Seals `events` after the last entry; durable when it returns."""
        async with self.locked():
            entries = await self.seal(events)
            raised = [(event.day, cell, 1) for event in events for cell in event.counters]
            await raise_counters(self.connection, raised)
            await self.write(entries)
        return entries

    async def seal(self, events: Sequence[Event]) -> list[Entry]:
        """The entries that `events` become if they are written next. Only while `locked`."""
        row = await self.connection.fetchrow(LAST)
        return sealed(events, *(row or (0, GENESIS)))

    async def write(self, entries: Sequence[Entry]) -> None:
        """Writes entries that follow the last one. Only while `locked`."""
        present = [entry for entry in entries if entry.body is not None]
        choices = [entry for entry in present if entry.kind in CHOICES]
        kept = [kept_row(entry) for entry in present if entry.kind not in CHOICES]
        await self.prepare({entry.day for entry in choices})
        await self.connection.executemany("INSERT INTO chain VALUES ($1, $2, $3, $4, $5, $6)", map(chain_row, entries))
        for entry_rows, statement in (
            ([(entry.seq, entry.day, *body_row(entry)[1:]) for entry in choices],
             "INSERT INTO body VALUES ($1, $2, $3, $4, $5)"),
            (kept, "INSERT INTO kept VALUES ($1, $2, $3)"),
        ):  # fmt: skip
            if entry_rows:
                await self.connection.executemany(statement, entry_rows)

    async def prepare(self, days: Collection[str]) -> None:
        """Makes the months of these days, should they be missing. Only while `locked`."""
        if any(partitions.name_of(day) not in self._months for day in days):
            self._months |= await partitions.ensure(self.connection, days)
