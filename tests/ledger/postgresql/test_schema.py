"""Migrations in PostgreSQL: once, whole or not at all, never backwards, and by two gateways at once."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger.postgresql.connections import Connections
from gateway.ledger.postgresql.schema import MIGRATIONS, Migration, migrate
from tests.postgres import Server

ONE: Migration = ("0001 one", ("CREATE TABLE one (a int)",))
TWO: Migration = ("0002 two", ("CREATE TABLE two (a int)",))
BROKEN: Migration = ("0002 two", ("CREATE TABLE two (a int)", "CREATE TABLE one (a int)"))


async def once(url: str, *migrations: Migration) -> None:
    async with Connections(url).writing() as connection:
        await migrate(connection, migrations)


def tables(server: Server, url: str) -> set[str]:
    query = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema"
    (rows,) = server.execute(query, url=url)
    return {name for (name,) in rows}


def test_a_new_database_has_all_tables(postgres: Server) -> None:
    url = postgres.new()
    asyncio.run(once(url, *MIGRATIONS))
    record = {"chain", "text", "meta", "kept", "body", "erasure", "unclean", "writer", "migration"}
    assert tables(postgres, url) == record | {"tally", "base", "pushed"}


def test_only_what_is_missing_is_applied(postgres: Server) -> None:
    url = postgres.new()
    for migrations in ((ONE,), (ONE, TWO), (ONE, TWO)):
        asyncio.run(once(url, *migrations))
    assert tables(postgres, url) == {"migration", "one", "two"}


def test_a_migration_that_fails_leaves_nothing_behind(postgres: Server) -> None:
    url = postgres.new()
    asyncio.run(once(url, ONE))
    with pytest.raises(LedgerUnavailable, match="already exists"):
        asyncio.run(once(url, ONE, BROKEN))
    assert tables(postgres, url) == {"migration", "one"}


def test_a_newer_database_is_left_alone(postgres: Server) -> None:
    url = postgres.new()
    asyncio.run(once(url, ONE, TWO))
    with pytest.raises(LedgerUnavailable, match="written by a newer version: 0002 two"):
        asyncio.run(once(url, ONE))


def test_gateways_that_start_at_once_do_not_hurt_each_other(postgres: Server) -> None:
    url = postgres.new()

    async def several() -> None:
        await asyncio.gather(*(once(url, *MIGRATIONS) for _ in range(6)))

    asyncio.run(several())
    (rows,) = postgres.execute("SELECT name FROM migration ORDER BY name", url=url)
    assert [name for (name,) in rows] == [name for name, _ in MIGRATIONS]


def test_numbers_and_values_are_checked_by_the_database_too(postgres: Server) -> None:
    url = postgres.new()
    asyncio.run(once(url, *MIGRATIONS))
    row = "INSERT INTO chain VALUES (1, '2026-01-01', 'grant', {0}, {0}, {0})"
    sound = row.format("decode(repeat('00', 32), 'hex')")
    with pytest.raises(asyncpg.CheckViolationError):
        postgres.execute(row.format("''::bytea"), url=url)
    postgres.execute(sound, url=url)
    with pytest.raises(asyncpg.UniqueViolationError):
        postgres.execute(sound, url=url)
