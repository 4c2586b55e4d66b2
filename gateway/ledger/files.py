"""The two SQLite files of a ledger: where they are, how they are opened, and whether they are still there."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import sqlite3
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiosqlite

IMPATIENT: Final = "PRAGMA busy_timeout=20"
Identity = tuple[tuple[int, int] | None, ...]


def bodies_path(chain: Path) -> Path:
    """The bodies' file beside the chain's: `ledger.sqlite` has `ledger-bodies.sqlite`."""
    return chain.with_name(f"{chain.stem}-bodies{chain.suffix}")


def create(path: Path) -> None:
    """Makes an empty file, 0600, in a folder that is made 0700; a folder that exists keeps its mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # Exclusively: to open and close a database in use would drop this process's locks on it (POSIX).
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        path.chmod(0o600)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _require(path: Path) -> None:
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        raise FileNotFoundError(errno.ENOENT, "no file that can be read and written", str(path))


async def connect(path: Path, *, busy: float) -> aiosqlite.Connection:
    """A connection to an existing file, in autocommit mode, that waits `busy` seconds for other writers.

    Raises OSError or sqlite3.Error.
    """
    _require(path)
    connection = await aiosqlite.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=busy, isolation_level=None
    )
    try:
        await connection.execute("PRAGMA secure_delete=ON")
        await connection.execute("PRAGMA synchronous=FULL")
        # Sorting must not spill tags into a file elsewhere.
        await connection.execute("PRAGMA temp_store=MEMORY")
    except BaseException:
        await connection.close()
        raise
    return connection


async def begin(connection: aiosqlite.Connection, *, busy: float) -> None:
    """Begins to write, waiting `busy` seconds for other writers. Raises sqlite3.OperationalError.

    SQLite's own waiters look ever more rarely, so that who has waited longest comes last: with `IMPATIENT` connections
    all look equally often.
    """
    deadline = time.monotonic() + busy
    while True:
        try:
            await connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            await asyncio.sleep(random.uniform(0, 0.005))  # noqa: S311
        else:
            return


async def write_ahead(connection: aiosqlite.Connection, *, busy: float) -> None:
    """Switches the file to write-ahead logging, which a new file's other openers may be doing right now.

    SQLite does not wait for them by itself here, so this tries again for `busy` seconds.
    """
    deadline = time.monotonic() + busy
    while True:
        try:
            # Read to its end: an open statement keeps a read lock, and SQLite never waits for others while it has one.
            await connection.execute_fetchall("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.01)
        else:
            return


async def connect_readers(path: Path, *, busy: float) -> aiosqlite.Connection:
    """A connection that only reads: the chain's file, with the bodies' file attached as `bodies`."""
    connection = await connect(path, busy=busy)
    try:
        attached = f"file:{quote(str(bodies_path(path)))}?mode=rw"
        await connection.execute("ATTACH ? AS bodies", (attached,))
        await connection.execute("PRAGMA bodies.secure_delete=ON")
        await connection.execute("PRAGMA query_only=ON")
    except BaseException:
        await connection.close()
        raise
    return connection


def identity(*paths: Path) -> Identity:
    """Which files the names lead to now. SQLite goes on writing to a file that was deleted or moved away."""
    return tuple(_inode(path.with_name(path.name + suffix)) for path in paths for suffix in ("", "-wal"))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
