"""The ledger in SQLite: files beside each other, one writer, any number of readers."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiosqlite

from gateway.errors import LedgerUnavailable
from gateway.ledger import cleaning
from gateway.ledger.base import Progress, Purged, silent
from gateway.ledger.erased import ErasedList
from gateway.ledger.files import IMPATIENT, begin, connect, connect_readers
from gateway.ledger.pair import LAST, FilePair
from gateway.ledger.removal import Remover, everything, expired
from gateway.ledger.restoring import restore
from gateway.ledger.rows import entry_of
from gateway.ledger.verifying import verified
from gateway.ledger.writer import GroupWriter
from gateway.model.entry import GENESIS, Entry, Event, Kind, iso_day
from gateway.model.exchange import Item
from gateway.model.order import as_made
from gateway.model.retention import Retention
from gateway.types import Clock

BUSY = 10.0
"""Seconds to wait for a writer of another process."""

T = TypeVar("T")
_PAGE = 500
_PAUSE = 0.05
_ENTRY = """
    SELECT seq, day, kind, commitment, prev, head, coalesce(b.salt, k.salt), coalesce(b.body, k.body)
    FROM chain LEFT JOIN bodies.body AS b USING (seq) LEFT JOIN kept AS k USING (seq)
"""
_ENTRIES = f"{_ENTRY} WHERE seq > ? ORDER BY seq"
_OF_TAG = f"{_ENTRY} WHERE tag = ? AND tag NOT IN (SELECT tag FROM bodies.erasure) ORDER BY seq"  # noqa: S608
_WITHHELD = "SELECT seq FROM bodies.body WHERE tag IN (SELECT tag FROM bodies.erasure)"
_LAST_OF = f"{_ENTRY} WHERE kind = ? ORDER BY seq DESC LIMIT 1"
_LAST_ENTRY = f"{_ENTRY} ORDER BY seq DESC LIMIT 1"


class SqliteLedger:
    """See `Ledger`. Reading works on a ledger that was not opened; only `append` needs `open`."""

    def __init__(self, path: Path, *, busy: float = BUSY, clock: Clock = time.time) -> None:
        self._path = path.absolute()
        self._busy = busy
        self._clock = clock
        self._pair: FilePair | None = None
        self._lock = asyncio.Lock()
        self._was_open = False
        self._writer = GroupWriter(self._commit)
        self._erased = ErasedList(self._path, busy=busy)

    async def open(self) -> None:
        self._writer.start()
        with _translated(self._path):
            async with self._writing():
                pass

    async def append(self, event: Event) -> Entry:
        return await self._writer.append(event)

    async def replay(self, events: Sequence[Event], after: int) -> int:
        with _translated(self._path):
            async with self._writing() as pair:
                return await pair.replay(events, after, self._today())

    async def head(self) -> tuple[int, bytes]:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall(LAST)
        return next(((seq, head) for seq, head in rows), (0, GENESIS))

    async def last(self, kind: Kind | None = None) -> Entry | None:
        found = await self._found(_LAST_OF, kind.value) if kind else await self._found(_LAST_ENTRY)
        return found[0] if found else None

    async def entries(self, after: int = 0) -> AsyncGenerator[Entry, None]:
        async with self._reading() as connection:
            await self._settle(connection)
            cursor = await connection.execute(_ENTRIES, (after,))
            while rows := list(await cursor.fetchmany(_PAGE)):
                for row in rows:
                    yield entry_of(row)

    async def entries_of(self, tag: bytes) -> list[Entry]:
        return as_made(await self._found(_OF_TAG, tag))

    async def withheld(self) -> frozenset[int]:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall(_WITHHELD)
        return frozenset(seq for (seq,) in rows)

    async def verify(self, anchor: bytes | None = None, progress: Progress = silent) -> tuple[int, bytes]:
        return await verified(self.entries(), anchor, progress)

    async def erase(self, tag: bytes) -> None:
        with _translated(self._path):
            async with self._writing() as pair, pair.locked():
                await pair.change(("INSERT OR IGNORE INTO erasure VALUES (?)", [(tag,)]))

    async def purge(self, rule: Retention, progress: Progress = silent) -> Purged:
        with _translated(self._path):
            await self._erased.forget(self._today())
            erased = 0
            while (some := await self._remove(Remover.erase)) is not None:
                erased += some
                progress(erased)
            gone = erased
            async with self._reading() as readers:
                until = iso_day(rule.cut_off(self._today()))
                async with aclosing(expired(readers, rule, self._today())) as old:
                    async for seqs in old:
                        gone += await self._expire(seqs, until)
                        progress(gone)
            await self._clean()
        return Purged(erased, gone - erased)

    async def purge_everything(self, progress: Progress = silent) -> Purged:
        gone = 0
        with _translated(self._path):
            async with self._reading() as readers:
                rows = await readers.execute_fetchall("SELECT max(day) FROM chain")
                until = max(next(iter(rows))[0] or "", iso_day(self._today()))
                async with aclosing(everything(readers)) as all_:
                    async for seqs in all_:
                        gone += await self._expire(seqs, until)
                        progress(gone)
            await self._remove(Remover.forget_requests)
            await self._clean()
        return Purged(expired=gone)

    async def restore(self, items: Iterable[Item]) -> None:
        with _translated(self._path):
            await restore(self._path, items, busy=self._busy)

    async def remember(self, name: str, value: str) -> str:
        with _translated(self._path):
            async with self._changing() as connection:
                await connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
                rows = await connection.execute_fetchall("SELECT value FROM meta WHERE name = ?", (name,))
        return str(next(iter(rows))[0])

    async def recall(self, name: str) -> str | None:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall("SELECT value FROM meta WHERE name = ?", (name,))
        return next((str(value) for (value,) in rows), None)

    async def archive(self, text: bytes) -> str:
        digest = hashlib.sha256(text)
        with _translated(self._path):
            async with self._changing() as connection:
                await connection.execute("INSERT OR IGNORE INTO text VALUES (?, ?)", (digest.digest(), text))
        return digest.hexdigest()

    async def text(self, sha256: str) -> bytes | None:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall("SELECT body FROM text WHERE sha256 = ?", (bytes.fromhex(sha256),))
        return next((body for (body,) in rows), None)

    async def close(self) -> None:
        await self._writer.close()
        async with self._lock:
            await self._drop()

    async def _commit(self, events: Sequence[Event]) -> list[Entry]:
        async with self._writing() as pair:
            return await pair.commit(events, self._today())

    async def _remove(self, work: Callable[[Remover], Awaitable[T]]) -> T:
        async with self._writing() as pair:
            return await work(Remover(pair, self._erased, self._today()))

    async def _expire(self, seqs: Sequence[int], until: str) -> int:
        return await self._remove(lambda remover: remover.expire(seqs, until))

    async def _clean(self) -> None:
        """Returns when no byte of deleted bodies is left in the files."""
        async with self._writing() as pair:
            mark = await cleaning.rewrite(pair, self._path)
        while mark:
            async with self._writing() as pair:
                if await cleaning.emptied(self._path):
                    await cleaning.clean(pair, mark)
                    return
            await asyncio.sleep(_PAUSE)

    def _today(self) -> int:
        return int(self._clock() // 86_400)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[FilePair]:
        """The two files for one writer of this process at a time; opened anew after whatever went wrong."""
        async with self._lock:
            try:
                if self._pair is None:
                    self._pair = await FilePair.open(self._path, new=not self._was_open, busy=self._busy)
                    await Remover(self._pair, self._erased, self._today()).replay()
                    self._was_open = True
                yield self._pair
            except BaseException:
                await self._drop()
                raise

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[aiosqlite.Connection]:
        """A transaction on the chain's file beside the chain."""
        connection = await connect(self._path, busy=self._busy)
        try:
            await connection.execute(IMPATIENT)
            await begin(connection, busy=self._busy)
            yield connection
            await connection.execute("COMMIT")
        finally:
            await connection.close()

    async def _drop(self) -> None:
        pair, self._pair = self._pair, None
        if pair is not None:
            with suppress(sqlite3.Error):
                await pair.close()

    async def _found(self, query: str, *values: object) -> list[Entry]:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall(query, values)
        return [entry_of(row) for row in rows]

    async def _settle(self, connection: aiosqlite.Connection) -> None:
        """Begins to read both files as they are between two writes: a removal changes one after the other."""
        writer = await connect(self._path, busy=self._busy)
        try:
            await begin(writer, busy=self._busy)
            await connection.execute("BEGIN")
            for table in ("chain", "bodies.body"):
                await connection.execute_fetchall(f"SELECT max(seq) FROM {table}")  # noqa: S608
        finally:
            await writer.close()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[aiosqlite.Connection]:
        with _translated(self._path):
            connection = await connect_readers(self._path, busy=self._busy)
            try:
                yield connection
            finally:
                await connection.close()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LedgerUnavailable(f"{path}: {error}") from error
