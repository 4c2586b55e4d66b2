"""Writing to the two files so that a crash at any moment leaves a record that explains itself.

SQLite commits two files one after the other, never both at once. The chain decides: a body without a chain
row never happened. So under the chain file's write lock (which also keeps other processes' writers out) the
bodies are committed first, then the chain rows; what a crash leaves behind is a body without a chain row,
and opening removes it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import aiosqlite

from gateway.errors import LedgerUnavailable
from gateway.ledger.files import IMPATIENT, Identity, begin, bodies_path, connect, create, identity, write_ahead
from gateway.ledger.rows import body_row, chain_row, kept_row
from gateway.ledger.schema import BODIES, CHAIN, migrate
from gateway.ledger.sealing import commitments, sealed
from gateway.ledger.sqlite_tallies import raise_counters
from gateway.ledger.writer import MOST_IN_A_GROUP
from gateway.model.entry import CHOICES, GENESIS, Entry, Event
from gateway.statistics.periods import counted_on

Change: TypeAlias = tuple[str, Iterable[Sequence[object]]]
"""A statement for the bodies' file and the rows it is executed with."""

LAST = "SELECT seq, head FROM chain ORDER BY seq DESC LIMIT 1"


class FilePair:
    """The chain's and the bodies' connection of one writer. Raises sqlite3.Error, OSError, LedgerUnavailable;
    after any of them it is done for: close it and open another."""

    def __init__(
        self, path: Path, chain: aiosqlite.Connection, bodies: aiosqlite.Connection, busy: float
    ) -> None:
        self._busy = busy
        self._paths = (path, bodies_path(path))
        self.chain = chain
        self.bodies = bodies
        self._identity: Identity = ()

    @classmethod
    async def open(cls, path: Path, *, new: bool, busy: float) -> FilePair:
        """Opens both files; `new` makes missing ones. A record once opened is never begun anew in silence."""
        for file in (path, bodies_path(path)):
            if new:
                create(file)
        chain = await connect(path, busy=busy)
        try:
            bodies = await connect(bodies_path(path), busy=busy)
        except BaseException:
            await chain.close()
            raise
        pair = cls(path, chain, bodies, busy)
        try:
            await pair._prepare(busy)
        except BaseException:
            await pair.close()
            raise
        return pair

    async def commit(self, events: Sequence[Event], today: int) -> list[Entry]:
        """Seals `events` after the last entry; both files are on the disk when it returns."""
        async with self.locked():
            return await self._commit(events, today)

    async def replay(self, events: Sequence[Event], after: int, today: int) -> int:
        """See `Ledger.replay`."""
        wanted = commitments(events)
        query = "SELECT commitment FROM chain WHERE seq > ? AND hex(commitment) IN (SELECT value FROM json_each(?))"
        async with self.locked():
            listed = json.dumps([commitment.hex().upper() for commitment in wanted])
            known = {row[0] for row in await self.chain.execute_fetchall(query, (after, listed))}
            missing = [event for event, commitment in zip(events, wanted, strict=True) if commitment not in known]
            if missing:
                await self._commit(missing, today)
            return (await self._last())[0]

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Keeps every other writer of the record out, in other processes too, until `write` or the end."""
        self._check_identity()
        await begin(self.chain, busy=self._busy)
        try:
            yield
        finally:
            if self.chain.in_transaction:
                await self.chain.rollback()

    async def seal(self, events: Sequence[Event]) -> list[Entry]:
        """The entries that `events` become if they are written next. Only while `locked`."""
        return sealed(events, *await self._last())

    async def write(self, entries: Sequence[Entry], changes: Sequence[Change] = ()) -> None:
        """Writes entries just sealed, and `changes` to the bodies' file in one transaction with their bodies."""
        choices = [body_row(entry) for entry in entries if entry.kind in CHOICES]
        kept = [kept_row(entry) for entry in entries if entry.kind not in CHOICES]
        # OR REPLACE: an interrupted writer of another process may have left bodies at these numbers.
        await self.change(("INSERT OR REPLACE INTO body VALUES (?, ?, ?, ?)", choices), *changes)
        if kept:
            await self.chain.executemany("INSERT INTO kept VALUES (?, ?, ?)", kept)
        await self.chain.executemany(
            "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?)", [chain_row(entry) for entry in entries]
        )
        await self.chain.execute("COMMIT")
        self._check_identity()

    async def change(self, *changes: Change) -> None:
        """One transaction on the bodies' file. Only while `locked`."""
        await self.bodies.execute("BEGIN IMMEDIATE")
        for statement, rows in changes:
            await self.bodies.executemany(statement, rows)
        await self.bodies.execute("COMMIT")

    async def close(self) -> None:
        try:
            await self.bodies.close()
        finally:
            await self.chain.close()

    async def _commit(self, events: Sequence[Event], today: int) -> list[Entry]:
        entries = await self.seal(events)
        raised = ((counted_on(event.day, today), cell, 1) for event in events for cell in event.counters)
        await raise_counters(self.chain, raised)
        await self.write(entries)
        return entries

    async def _prepare(self, busy: float) -> None:
        for connection, migrations in ((self.chain, CHAIN), (self.bodies, BODIES)):
            await write_ahead(connection, busy=busy)
            await connection.execute(IMPATIENT)
            await migrate(connection, migrations, busy=busy)
        # The bodies' file is kept by a rewrite, or by whoever begins, never by a crowd.
        await self.bodies.execute(f"PRAGMA busy_timeout={int(busy * 1000)}")
        await self._remove_tail()
        self._identity = identity(*self._paths)

    async def _remove_tail(self) -> None:
        """Removes bodies a crash left without a chain row. More than a crash can leave is left alone."""
        async with self.locked():
            seq, _ = await self._last()
            tail = await self.bodies.execute_fetchall("SELECT seq FROM body WHERE seq > ?", (seq,))
            if len(list(tail)) > MOST_IN_A_GROUP:
                raise LedgerUnavailable("many bodies without chain rows: is this the right chain file?")
            await self.bodies.execute("DELETE FROM body WHERE seq > ?", (seq,))

    async def _last(self) -> tuple[int, bytes]:
        rows = await self.chain.execute_fetchall(LAST)
        return next(iter(rows), (0, GENESIS))  # type: ignore[return-value]

    def _check_identity(self) -> None:
        if self._identity and identity(*self._paths) != self._identity:
            raise sqlite3.OperationalError("a file of the ledger was moved or deleted")
