"""One writer at a time: how events become the next rows of the chain, with their bodies and counters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from gateway.ledger.postgresql import partitions
from gateway.ledger.postgresql.connections import LONG, WRITE, Connection, transaction
from gateway.ledger.postgresql.tallies import raise_counters
from gateway.ledger.rows import body_row, chain_row, kept_row
from gateway.ledger.sealing import commitments, sealed
from gateway.model.entry import CHOICES, GENESIS, Entry, Event
from gateway.statistics.periods import counted_on

# A row's lock and not an advisory one: engines that only resemble PostgreSQL have these.
_LOCK: Final = "SELECT 1 FROM writer WHERE name = 'chain' FOR UPDATE"
# One statement, because each costs two round trips while all other gateways wait.
_INSERT: Final = """
    WITH c AS (
        INSERT INTO chain
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])
    ), k AS (
        INSERT INTO kept SELECT * FROM unnest($7::bigint[], $8::bytea[], $9::text[])
    )
    INSERT INTO body SELECT * FROM unnest($10::bigint[], $11::text[], $12::bytea[], $13::bytea[], $14::text[])
"""
LAST: Final = "SELECT seq, head FROM chain ORDER BY seq DESC LIMIT 1"


class Writer:
    """Writes on a `connection` that nothing else uses. Raises one of `connections.FAILURES`; it is done for then."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._months: set[str] = set()

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """A transaction during which no other gateway writes to the chain."""
        async with transaction(self.connection, f"{WRITE}; {_LOCK}"):
            yield

    async def commit(self, events: Sequence[Event], today: int) -> list[Entry]:
        """Seals `events` after the last entry; durable when it returns. `today` is the UTC epoch day."""
        async with self.locked():
            return await self._commit(events, today)

    async def replay(self, events: Sequence[Event], after: int, today: int) -> int:
        """See `Ledger.replay`."""
        wanted = commitments(events)
        query = "SELECT commitment FROM chain WHERE seq > $1 AND commitment = ANY($2::bytea[])"
        async with self.locked():
            known = {row["commitment"] for row in await self.connection.fetch(query, after, wanted, timeout=LONG)}
            missing = [event for event, commitment in zip(events, wanted, strict=True) if commitment not in known]
            if missing:
                await self._commit(missing, today)
            return int(await self.connection.fetchval("SELECT max(seq) FROM chain") or 0)

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
        bodies = [(entry.seq, entry.day, *body_row(entry)[1:]) for entry in choices]
        columns = [*_columns(map(chain_row, entries), 6), *_columns(kept, 3), *_columns(bodies, 5)]
        await self.connection.execute(_INSERT, *columns)

    async def prepare(self, days: Collection[str]) -> None:
        """Makes the months of these days, should they be missing. Only while `locked`."""
        if any(partitions.name_of(day) not in self._months for day in days):
            self._months |= await partitions.ensure(self.connection, days)

    async def _commit(self, events: Sequence[Event], today: int) -> list[Entry]:
        entries = await self.seal(events)
        raised = [(counted_on(event.day, today), cell, 1) for event in events for cell in event.counters]
        await raise_counters(self.connection, raised)
        await self.write(entries)
        return entries


def _columns(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    """Rows as columns; with no rows, so many empty ones."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
