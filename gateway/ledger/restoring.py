"""Filling an empty record from sealed entries, all of them or none.

SQLite commits two files at once only without write-ahead logs (by its super-journal, see "Atomic Commit In SQLite",
section 5). So both have rollback journals for this one transaction; that needs them to be nobody else's meanwhile, and
a crash at any moment leaves an empty record.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import aiosqlite

from gateway.errors import ImportRefused
from gateway.ledger.files import bodies_path, connect, connect_readers, write_ahead
from gateway.ledger.pair import FilePair
from gateway.ledger.rows import body_row, chain_row, kept_row
from gateway.model.entry import CHOICES, Entry
from gateway.model.exchange import Item

_BATCH = 500


async def restore(path: Path, items: Iterable[Item], *, busy: float) -> None:
    """Puts `items` into the record at `path`, which is made if it is not there.

    Raises ImportRefused if there is anything in it or if it is in use, whatever reading `items` raises, sqlite3.Error
    and OSError; nothing is in it then that was not there before.
    """
    await (await FilePair.open(path, new=True, busy=busy)).close()
    both = await connect_readers(path, busy=busy)
    try:
        await both.execute("PRAGMA query_only=OFF")
        await both.execute("PRAGMA bodies.synchronous=FULL")
        await _take_over(both)
        await both.execute("BEGIN EXCLUSIVE")
        try:
            await _require_empty(both)
            await _insert(both, iter(items))
            await both.execute("COMMIT")
        except BaseException:
            await both.rollback()
            raise
    finally:
        await both.close()
    for file in (path, bodies_path(path)):
        one = await connect(file, busy=busy)
        try:
            await write_ahead(one, busy=busy)
        finally:
            await one.close()


async def _take_over(both: aiosqlite.Connection) -> None:
    for name in ("main", "bodies"):
        try:
            rows = await both.execute_fetchall(f"PRAGMA {name}.journal_mode=DELETE")
            mode = next(iter(rows))[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            mode = "busy"
        if mode != "delete":
            raise ImportRefused("the record is in use: stop the gateway first")


async def _require_empty(both: aiosqlite.Connection) -> None:
    for table in ("chain", "bodies.body"):
        rows = await both.execute_fetchall(f"SELECT count(*) FROM {table}")  # noqa: S608
        count = next(iter(rows))[0]
        if count:
            raise ImportRefused(f"there is a record of {count} entries already: an empty one is needed")


async def _insert(both: aiosqlite.Connection, items: Iterator[Item]) -> None:
    while batch := list(islice(items, _BATCH)):
        entries = [item for item in batch if isinstance(item, Entry)]
        texts = [(hashlib.sha256(item).digest(), item) for item in batch if isinstance(item, bytes)]
        present = [entry for entry in entries if entry.body is not None]
        choices = [body_row(entry) for entry in present if entry.kind in CHOICES]
        kept = [kept_row(entry) for entry in present if entry.kind not in CHOICES]
        await both.executemany("INSERT OR IGNORE INTO text VALUES (?, ?)", texts)
        await both.executemany("INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?)", map(chain_row, entries))
        await both.executemany("INSERT INTO kept VALUES (?, ?, ?)", kept)
        await both.executemany("INSERT INTO bodies.body VALUES (?, ?, ?, ?)", choices)
