"""The two files on the disk, apart from what is in them."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.ledger.files import bodies_path, connect, connect_readers, create, identity, write_ahead


def test_the_bodies_file_is_beside_the_chains() -> None:
    assert bodies_path(Path("/srv/ledger.sqlite")) == Path("/srv/ledger-bodies.sqlite")
    assert bodies_path(Path("ledger")) == Path("ledger-bodies")


def test_a_new_file_is_its_owners_alone_and_an_old_one_becomes_so(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b"
    create(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"kept")
    file.chmod(0o644)
    create(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == b"kept"


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    create(tmp_path / "file")
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_every_connection_overwrites_what_it_deletes_and_waits_for_the_disk(tmp_path: Path) -> None:
    for file in (tmp_path / "x", tmp_path / "x-bodies"):
        create(file)

    async def whole() -> None:
        for opening in (connect(tmp_path / "x", busy=0), connect_readers(tmp_path / "x", busy=0)):
            connection = await opening
            try:
                for pragma, value in (("secure_delete", 1), ("synchronous", 2)):
                    assert list(await connection.execute_fetchall(f"PRAGMA {pragma}")) == [(value,)]
            finally:
                await connection.close()

    asyncio.run(whole())


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    for file in (tmp_path / "x", tmp_path / "x-bodies"):
        create(file)

    async def whole() -> None:
        connection = await connect_readers(tmp_path / "x", busy=0)
        try:
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                await connection.execute("CREATE TABLE bodies.t (a)")
        finally:
            await connection.close()

    asyncio.run(whole())


@pytest.mark.parametrize("name", ["absent", "folder"])
def test_what_is_no_file_is_not_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileNotFoundError, match=name):
        asyncio.run(connect(tmp_path / name, busy=0))


def test_something_else_under_the_name_is_another_identity(tmp_path: Path) -> None:
    file = tmp_path / "x"
    assert identity(file) == (None, None)
    file.touch()
    before = identity(file)
    assert before == identity(file) != (None, None)
    file.rename(tmp_path / "y")
    file.touch()
    assert identity(file) != before


@pytest.mark.parametrize(("busy", "released"), [(60, True), (0.25, False)], ids=["briefly", "for long"])
def test_write_ahead_logging_waits_for_a_lock(tmp_path: Path, busy: float, released: bool) -> None:
    file = tmp_path / "x"
    create(file)
    other = sqlite3.connect(file, isolation_level=None)

    async def whole() -> None:
        connection = await connect(file, busy=0)
        other.execute("BEGIN EXCLUSIVE")
        if released:
            asyncio.get_running_loop().call_later(0.05, other.rollback)
        try:
            await write_ahead(connection, busy=busy)
        finally:
            await connection.close()

    if released:
        asyncio.run(whole())
    else:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            asyncio.run(whole())
    other.close()


def test_who_switches_together_with_another_waits_for_its_writing_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "x"
    create(file)
    other = sqlite3.connect(file, isolation_level=None)

    async def whole() -> None:
        connection = await connect(file, busy=60)
        # Now it believes that there is a rollback journal.
        await connection.execute_fetchall("SELECT * FROM sqlite_schema")
        try:
            other.execute("PRAGMA journal_mode=WAL").fetchall()
            await write_ahead(connection, busy=60)
            other.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.05, other.rollback)
            await connection.execute("BEGIN IMMEDIATE")
            await connection.rollback()
        finally:
            await connection.close()

    asyncio.run(whole())
    other.close()


def test_what_is_not_a_lock_is_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"not a database" * 100)

    async def whole() -> None:
        connection = await connect(file, busy=0)
        try:
            await write_ahead(connection, busy=60)
        finally:
            await connection.close()

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        asyncio.run(whole())
