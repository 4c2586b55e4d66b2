"""The ledger in PostgreSQL: one chain for any number of gateways."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, TypeVar

import asyncpg

from gateway.errors import LedgerUnavailable
from gateway.ledger.base import Progress, Purged, silent
from gateway.ledger.erased import ErasedList
from gateway.ledger.postgresql import cleaning, partitions
from gateway.ledger.postgresql.connections import PATIENCE, Connections, hang_up, transaction, translated
from gateway.ledger.postgresql.removal import Remover, everything, expired, pages
from gateway.ledger.postgresql.restoring import restore
from gateway.ledger.postgresql.schema import migrate
from gateway.ledger.postgresql.writing import LAST, Writer
from gateway.ledger.rows import entry_of
from gateway.ledger.verifying import verified
from gateway.ledger.writer import GroupWriter
from gateway.model.entry import GENESIS, Entry, Event, Kind, iso_day
from gateway.model.exchange import Item
from gateway.model.order import as_made
from gateway.model.retention import Retention
from gateway.types import Clock

T = TypeVar("T")
_PAGE: Final = 500
_PAUSE: Final = 0.5
_LIST: Final = "ledger.sqlite"
"""The list of deleted bodies has the name it has beside an SQLite record: one that was imported from there goes on."""
_BUSY: Final = 2.0
_ENTRY: Final = """
    SELECT seq, day, kind, commitment, prev, head, coalesce(b.salt, k.salt) AS salt, coalesce(b.body, k.body) AS body
    FROM chain LEFT JOIN body AS b USING (seq, day) LEFT JOIN kept AS k USING (seq)
"""
_OF_TAG: Final = f"""{_ENTRY}
    WHERE b.tag = $1 AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.tag = b.tag) ORDER BY seq
"""  # noqa: S608
_WITHHELD: Final = "SELECT seq FROM body JOIN erasure USING (tag)"
_LAST_OF: Final = f"{_ENTRY} WHERE kind = $1 ORDER BY seq DESC LIMIT 1"
_LAST_ENTRY: Final = f"{_ENTRY} ORDER BY seq DESC LIMIT 1"


class PostgresLedger:
    """See `Ledger`. The database is at `url`, its tables in the schema that comes first there.

    `folder` holds the list of deleted bodies: outside of the database, no backup of which may bring back an older one.
    Reading works on a ledger that was not opened.
    """

    def __init__(self, url: str, folder: Path, *, patience: float = PATIENCE, clock: Clock = time.time) -> None:
        self._connections = Connections(url, patience=patience)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: Writer | None = None
        self._group = GroupWriter(self._commit)
        self._erased = ErasedList(folder.absolute() / _LIST, busy=_BUSY)

    async def open(self) -> None:
        await self._connections.open()
        self._group.start()
        async with self._writing():
            pass

    async def append(self, event: Event) -> Entry:
        return await self._group.append(event)

    async def replay(self, events: Sequence[Event], after: int) -> int:
        async with self._writing() as writer:
            return await writer.replay(events, after, self._today())

    async def head(self) -> tuple[int, bytes]:
        async with self._connections.reading() as connection:
            row = await connection.fetchrow(LAST)
        return (row["seq"], row["head"]) if row else (0, GENESIS)

    async def last(self, kind: Kind | None = None) -> Entry | None:
        found = await self._found(_LAST_OF, kind.value) if kind else await self._found(_LAST_ENTRY)
        return found[0] if found else None

    async def entries(self, after: int = 0) -> AsyncGenerator[Entry, None]:
        async with self._connections.reading() as connection:
            query = f"{_ENTRY} WHERE seq > {int(after)} ORDER BY seq"
            async with aclosing(pages(connection, query, _PAGE)) as found:
                async for rows in found:
                    for row in rows:
                        yield entry_of(row)

    async def entries_of(self, tag: bytes) -> list[Entry]:
        return as_made(await self._found(_OF_TAG, tag))

    async def withheld(self) -> frozenset[int]:
        async with self._connections.reading() as connection:
            return frozenset(row["seq"] for row in await connection.fetch(_WITHHELD))

    async def verify(self, anchor: bytes | None = None, progress: Progress = silent) -> tuple[int, bytes]:
        return await verified(self.entries(), anchor, progress)

    async def erase(self, tag: bytes) -> None:
        async with self._connections.writing() as connection:
            await connection.execute("INSERT INTO erasure VALUES ($1) ON CONFLICT DO NOTHING", tag)

    async def purge(self, rule: Retention, progress: Progress = silent) -> Purged:
        with _listed():
            await self._erased.forget(self._today())
        async with self._writing() as writer, writer.locked():
            await writer.prepare(partitions.due(self._today()))
        erased = 0
        while (some := await self._remove(Remover.erase)) is not None:
            erased += some
            progress(erased)
        gone = erased
        async with self._connections.reading() as connection:
            until = iso_day(rule.cut_off(self._today()))
            async with aclosing(expired(connection, rule, self._today())) as old:
                async for seqs in old:
                    gone += await self._expire(seqs, until)
                    progress(gone)
        await self._clean()
        return Purged(erased, gone - erased)

    async def purge_everything(self, progress: Progress = silent) -> Purged:
        gone = 0
        async with self._connections.reading() as connection:
            until = max(await connection.fetchval("SELECT max(day) FROM chain") or "", iso_day(self._today()))
            async with aclosing(everything(connection)) as all_:
                async for seqs in all_:
                    gone += await self._expire(seqs, until)
                    progress(gone)
        await self._remove(Remover.forget_requests)
        await self._clean()
        return Purged(expired=gone)

    async def restore(self, items: Iterable[Item]) -> None:
        async with self._writing() as writer:
            await restore(writer, items)

    async def remember(self, name: str, value: str) -> str:
        async with self._connections.writing() as connection:
            await connection.execute("INSERT INTO meta VALUES ($1, $2) ON CONFLICT DO NOTHING", name, value)
            return str(await connection.fetchval("SELECT value FROM meta WHERE name = $1", name))

    async def recall(self, name: str) -> str | None:
        async with self._connections.reading() as connection:
            value = await connection.fetchval("SELECT value FROM meta WHERE name = $1", name)
        return None if value is None else str(value)

    async def archive(self, text: bytes) -> str:
        digest = hashlib.sha256(text)
        async with self._connections.writing() as connection:
            await connection.execute("INSERT INTO text VALUES ($1, $2) ON CONFLICT DO NOTHING", digest.digest(), text)
        return digest.hexdigest()

    async def text(self, sha256: str) -> bytes | None:
        async with self._connections.reading() as connection:
            body: bytes | None = await connection.fetchval(
                "SELECT body FROM text WHERE sha256 = $1", bytes.fromhex(sha256)
            )
        return body

    async def close(self) -> None:
        await self._group.close()
        async with self._lock:
            await self._drop()
        await self._connections.close()

    async def _commit(self, events: Sequence[Event]) -> list[Entry]:
        async with self._writing() as writer:
            return await writer.commit(events, self._today())

    async def _remove(self, work: Callable[[Remover], Awaitable[T]]) -> T:
        async with self._writing() as writer:
            return await work(Remover(writer, self._erased, self._today()))

    async def _expire(self, seqs: Sequence[int], until: str) -> int:
        return await self._remove(lambda remover: remover.expire(seqs, until)) if seqs else 0

    async def _clean(self) -> None:
        """Returns when no byte of deleted bodies is left in the tables' files."""
        while True:
            async with self._connections.reading() as connection:
                unclean = await cleaning.waiting(connection)
            if not unclean:
                return
            for name, marks in sorted(unclean.items()):
                if await self._rewritten(name):
                    async with self._connections.writing() as connection:
                        await cleaning.clean(connection, marks)
                else:
                    await asyncio.sleep(_PAUSE)

    async def _rewritten(self, name: str) -> bool:
        with translated():
            connection = await self._connections.connect()
            try:
                return await cleaning.rewrite(connection, name)
            except asyncpg.LockNotAvailableError:
                return False
            finally:
                await hang_up(connection)

    async def _found(self, query: str, *values: object) -> list[Entry]:
        async with self._connections.reading() as connection:
            return [entry_of(row) for row in await connection.fetch(query, *values)]

    def _today(self) -> int:
        return int(self._clock() // 86_400)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Writer]:
        """The connection for one writer of this process at a time; made anew after whatever went wrong."""
        with translated(), _listed():
            async with self._lock:
                try:
                    if self._held is None:
                        self._held = Writer(await self._connections.connect())
                        await self._prepare(self._held)
                    yield self._held
                except BaseException:
                    await self._drop()
                    raise

    async def _prepare(self, writer: Writer) -> None:
        async with transaction(writer.connection):
            await migrate(writer.connection)
        async with writer.locked():
            await writer.prepare(partitions.due(self._today()))
        await Remover(writer, self._erased, self._today()).replay()

    async def _drop(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            await hang_up(held.connection)


@contextmanager
def _listed() -> Iterator[None]:
    """Raises LedgerUnavailable for whatever goes wrong with the list of deleted bodies."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerUnavailable(f"the list of deleted bodies: {error}") from error
