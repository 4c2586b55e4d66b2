"""Writing to the two files so that a crash at any moment leaves a record that explains itself.

SQLite commits two files one after the other, never both at once. The chain decides: a body without a chain
row never happened. So under the chain file's write lock (which also keeps other processes' writers out) the
bodies are committed first, then the chain rows; what a crash leaves behind is a body without a chain row,
and opening removes it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import aiosqlite

from gateway.errors import LedgerUnavailable
from gateway.ledger.files import Identity, bodies_path, connect, create, identity, write_ahead
from gateway.ledger.schema import BODIES, CHAIN, migrate
from gateway.ledger.writer import MOST_IN_A_GROUP
from gateway.model.entry import GENESIS, SALT_SIZE, Entry, Event, canonical_json, seal

LAST = "SELECT seq, head FROM chain ORDER BY seq DESC LIMIT 1"


class FilePair:
    """The chain's and the bodies' connection of one writer. Raises sqlite3.Error, OSError, LedgerUnavailable;
    after any of them it is done for: close it and open another."""

    def __init__(self, path: Path, chain: aiosqlite.Connection, bodies: aiosqlite.Connection) -> None:
        self._paths = (path, bodies_path(path))
        self._chain = chain
        self._bodies = bodies
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
        pair = cls(path, chain, bodies)
        try:
            await pair._prepare(busy)
        except BaseException:
            await pair.close()
            raise
        return pair

    async def commit(self, events: Sequence[Event]) -> list[Entry]:
        """Seals `events` after the last entry; both files are on the disk when it returns."""
        self._check_identity()
        await self._chain.execute("BEGIN IMMEDIATE")
        entries = _sealed(events, *await self._last())
        await self._bodies.execute("BEGIN IMMEDIATE")
        # OR REPLACE: an interrupted writer of another process may have left bodies at these numbers.
        await self._bodies.executemany(
            "INSERT OR REPLACE INTO body VALUES (?, ?, ?, ?)", [body_row(entry) for entry in entries]
        )
        await self._bodies.execute("COMMIT")
        await self._chain.executemany(
            "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?)", [chain_row(entry) for entry in entries]
        )
        await self._chain.execute("COMMIT")
        self._check_identity()
        return entries

    async def close(self) -> None:
        try:
            await self._bodies.close()
        finally:
            await self._chain.close()

    async def _prepare(self, busy: float) -> None:
        for connection, migrations in ((self._chain, CHAIN), (self._bodies, BODIES)):
            await write_ahead(connection, busy=busy)
            await migrate(connection, migrations)
        await self._remove_tail()
        self._identity = identity(*self._paths)

    async def _remove_tail(self) -> None:
        """Removes bodies a crash left without a chain row. More than a crash can leave is left alone."""
        await self._chain.execute("BEGIN IMMEDIATE")
        try:
            seq, _ = await self._last()
            tail = await self._bodies.execute_fetchall("SELECT seq FROM body WHERE seq > ?", (seq,))
            if len(list(tail)) > MOST_IN_A_GROUP:
                raise LedgerUnavailable("many bodies without chain rows: is this the right chain file?")
            await self._bodies.execute("DELETE FROM body WHERE seq > ?", (seq,))
        finally:
            await self._chain.rollback()

    async def _last(self) -> tuple[int, bytes]:
        rows = await self._chain.execute_fetchall(LAST)
        return next(iter(rows), (0, GENESIS))  # type: ignore[return-value]

    def _check_identity(self) -> None:
        if identity(*self._paths) != self._identity:
            raise sqlite3.OperationalError("a file of the ledger was moved or deleted")


def _sealed(events: Sequence[Event], seq: int, head: bytes) -> list[Entry]:
    entries = []
    for place, event in enumerate(events, seq + 1):
        entries.append(seal(event, seq=place, prev=head, salt=secrets.token_bytes(SALT_SIZE)))
        head = entries[-1].head
    return entries


def chain_row(entry: Entry) -> tuple[int, str, str, bytes, bytes, bytes]:
    """What the chain keeps for ever."""
    return entry.seq, entry.day, entry.kind.value, entry.commitment, entry.prev, entry.head


def body_row(entry: Entry) -> tuple[int, bytes | None, bytes | None, str]:
    """What can be deleted: number, tag for the index, salt, body."""
    body = entry.body or {}
    tag = body.get("subject_tag")
    return (
        entry.seq,
        bytes.fromhex(tag) if isinstance(tag, str) else None,
        entry.salt,
        canonical_json(body).decode(),
    )
