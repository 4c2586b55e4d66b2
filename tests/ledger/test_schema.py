"""Migrations: once, whole or not at all, and never backwards."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger.files import connect, create
from gateway.ledger.schema import BODIES, CHAIN, ERASED, Migration, migrate

ONE: Migration = ("0001 one", ("CREATE TABLE one (a)",))
TWO: Migration = ("0002 two", ("CREATE TABLE two (a)",))
BROKEN: Migration = ("0002 two", ("CREATE TABLE two (a)", "CREATE TABLE one (a)"))


def migrated(file: Path, *migrations: Migration) -> list[str]:
    """The names of the tables after migrating."""

    async def whole() -> None:
        create(file)
        connection = await connect(file, busy=0)
        try:
            await migrate(connection, migrations)
        finally:
            await connection.close()

    asyncio.run(whole())
    return tables(file)


def tables(file: Path) -> list[str]:
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    connection.close()
    return [name for (name,) in rows]


def test_a_new_chain_file_has_chain_texts_counters_and_what_is_kept(tmp_path: Path) -> None:
    assert migrated(tmp_path / "x", *CHAIN) == ["base", "chain", "kept", "meta", "migration", "pushed", "tally", "text"]


def test_a_new_bodies_file_has_bodies_and_what_waits_for_their_erasure(tmp_path: Path) -> None:
    assert migrated(tmp_path / "x", *BODIES) == ["body", "erasure", "migration", "unclean"]


def test_the_first_version_of_a_bodies_file_becomes_a_current_one(tmp_path: Path) -> None:
    migrated(tmp_path / "x", *BODIES[:1])
    assert migrated(tmp_path / "x", *BODIES) == ["body", "erasure", "migration", "unclean"]


def test_the_list_of_erased_bodies_is_one_table(tmp_path: Path) -> None:
    assert migrated(tmp_path / "x", *ERASED) == ["erased", "migration"]


def test_only_what_is_missing_is_applied(tmp_path: Path) -> None:
    assert migrated(tmp_path / "x", ONE) == ["migration", "one"]
    assert migrated(tmp_path / "x", ONE, TWO) == ["migration", "one", "two"]
    assert migrated(tmp_path / "x", ONE, TWO) == ["migration", "one", "two"]


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    migrated(tmp_path / "x", ONE)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrated(tmp_path / "x", ONE, BROKEN)
    assert tables(tmp_path / "x") == ["migration", "one"]


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    migrated(tmp_path / "x", ONE, TWO)
    with pytest.raises(LedgerUnavailable, match="0002 two"):
        migrated(tmp_path / "x", ONE)
