"""The ledger in SQLite: two files beside each other, one writer, any number of readers."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiosqlite

from gateway.errors import ChainBroken, LedgerUnavailable
from gateway.ledger.files import connect, connect_readers
from gateway.ledger.pair import LAST, FilePair
from gateway.ledger.restoring import restore
from gateway.ledger.writer import GroupWriter
from gateway.model.chain import ChainCheck
from gateway.model.entry import GENESIS, Body, Entry, Event, Kind, canonical_json
from gateway.model.exchange import Item

BUSY = 2.0
"""Seconds to wait for a writer of another process."""

_PAGE = 500
_ENTRIES = """
    SELECT seq, day, kind, commitment, prev, head, salt, body
    FROM chain LEFT JOIN bodies.body USING (seq) WHERE seq > ? ORDER BY seq
"""


class SqliteLedger:
    """See `Ledger`. Reading works on a ledger that was not opened; only `append` needs `open`."""

    def __init__(self, path: Path, *, busy: float = BUSY) -> None:
        self._path = path.absolute()
        self._busy = busy
        self._pair: FilePair | None = None
        self._was_open = False
        self._writer = GroupWriter(self._commit)

    async def open(self) -> None:
        self._writer.start()
        with _translated(self._path):
            await self._opened()

    async def append(self, event: Event) -> Entry:
        return await self._writer.append(event)

    async def head(self) -> tuple[int, bytes]:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall(LAST)
        return next(((seq, head) for seq, head in rows), (0, GENESIS))

    async def entries(self, after: int = 0) -> AsyncGenerator[Entry, None]:
        async with self._reading() as connection:
            await connection.execute("BEGIN")
            # The chain's snapshot first: a body is committed before its chain row, so none can be missed.
            await connection.execute_fetchall(LAST)
            cursor = await connection.execute(_ENTRIES, (after,))
            while rows := list(await cursor.fetchmany(_PAGE)):
                for row in rows:
                    yield _entry(tuple(row))

    async def verify(self, anchor: bytes | None = None) -> tuple[int, bytes]:
        check = ChainCheck()
        anchored = anchor in (None, GENESIS)
        async with aclosing(self.entries()) as entries:
            async for entry in entries:
                check.feed(entry)
                anchored = anchored or entry.head == anchor
        check.finish()
        if not anchored:
            raise ChainBroken(check.seq + 1, "the anchored head is gone: the end was cut or rewritten")
        return check.seq, check.head

    async def restore(self, items: Iterable[Item]) -> None:
        with _translated(self._path):
            await restore(self._path, items, busy=self._busy)

    async def remember(self, name: str, value: str) -> str:
        with _translated(self._path):
            connection = await connect(self._path, busy=self._busy)
            try:
                await connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
                rows = await connection.execute_fetchall("SELECT value FROM meta WHERE name = ?", (name,))
            finally:
                await connection.close()
        return str(next(iter(rows))[0])

    async def recall(self, name: str) -> str | None:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall("SELECT value FROM meta WHERE name = ?", (name,))
        return next((str(value) for (value,) in rows), None)

    async def archive(self, text: bytes) -> str:
        digest = hashlib.sha256(text)
        with _translated(self._path):
            connection = await connect(self._path, busy=self._busy)
            try:
                await connection.execute("INSERT OR IGNORE INTO text VALUES (?, ?)", (digest.digest(), text))
            finally:
                await connection.close()
        return digest.hexdigest()

    async def text(self, sha256: str) -> bytes | None:
        async with self._reading() as connection:
            rows = await connection.execute_fetchall(
                "SELECT body FROM text WHERE sha256 = ?", (bytes.fromhex(sha256),)
            )
        return next((body for (body,) in rows), None)

    async def close(self) -> None:
        await self._writer.close()
        await self._drop()

    async def _commit(self, events: Sequence[Event]) -> list[Entry]:
        try:
            return await (await self._opened()).commit(events)
        except BaseException:
            await self._drop()
            raise

    async def _opened(self) -> FilePair:
        if self._pair is None:
            self._pair = await FilePair.open(self._path, new=not self._was_open, busy=self._busy)
            self._was_open = True
        return self._pair

    async def _drop(self) -> None:
        pair, self._pair = self._pair, None
        if pair is not None:
            with suppress(sqlite3.Error):
                await pair.close()

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


def _entry(row: tuple[int, str, str, bytes, bytes, bytes, bytes | None, str | None]) -> Entry:
    seq, day, kind, commitment, prev, head, salt, text = row
    try:
        return Entry(seq, day, Kind(kind), commitment, prev, head, salt, _body(text))
    except ValueError as error:
        raise ChainBroken(seq, "not an entry: its kind or its body cannot be read") from error


def _body(text: str | None) -> Body | None:
    if text is None:
        return None
    body: Body = json.loads(text)
    if not isinstance(body, dict) or canonical_json(body).decode() != text:
        raise ValueError("not canonical")
    return body
