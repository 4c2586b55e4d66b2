"""Not one byte of a deleted body is left in the tables' files."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import asyncpg
import pytest

from gateway.ledger.base import Ledger
from gateway.ledger.postgresql import cleaning
from gateway.model.retention import Retention
from tests.ledger.events import choice, tag
from tests.ledger.test_base import Record
from tests.postgres import Server
from tests.served import contents

FIRST = itertools.count(1 << 40, 1 << 20)


@pytest.fixture
def first() -> int:
    """The first of sixty visitors who are in no other record of the server."""
    return next(FIRST)


@pytest.fixture
def record(postgres: Server, tmp_path: Path, first: int) -> Record:
    record = Record(postgres.new(), tmp_path / "data")
    record.append(*(choice(first + number) for number in range(60)))
    return record


def found(server: Server, *numbers: int) -> set[str]:
    """The files that hold the tag of one of these visitors, but for the write-ahead logs, which count as a backup."""
    server.execute("CHECKPOINT")
    marks = [mark for number in numbers for mark in (tag(number), tag(number).hex().encode())]
    files = contents(server.folder, without="pg_wal")
    return {str(path) for path, held in files.items() if any(mark in held for mark in marks)}


def test_a_body_that_was_asked_for_is_nowhere_after_the_purge(record: Record, postgres: Server, first: int) -> None:
    assert found(postgres, first + 7)
    assert found(postgres, first + 8)
    record.erase(first + 7)
    record.purge()
    assert found(postgres, first + 7) == set()
    assert found(postgres, first + 8)
    (rows,) = postgres.execute("SELECT count(*) FROM unclean", url=record.url)
    assert rows == [(0,)]


def test_at_the_end_of_the_service_nothing_is_left_of_anybody(record: Record, postgres: Server, first: int) -> None:
    record.erase(first + 3)
    record.run(lambda ledger: ledger.purge_everything())
    assert found(postgres, *range(first, first + 60)) == set()


def test_it_waits_for_a_reader_who_may_still_see_the_body(record: Record, postgres: Server, first: int) -> None:
    async def work(ledger: Ledger) -> None:
        reading = ledger.entries()
        await anext(reading)
        await ledger.erase(tag(first + 7))
        purging = asyncio.create_task(ledger.purge(Retention(years=5)))
        await asyncio.sleep(2)
        assert not purging.done()
        assert (await ledger.append(choice(first + 99))).seq >= 61
        assert len([entry async for entry in reading if entry.body]) == 59
        await purging

    record.run(work)
    assert found(postgres, first + 7) == set()
    assert record.verify()[0] == 62


def test_a_reader_of_something_else_keeps_deleted_rows_too_and_is_noticed(
    record: Record, postgres: Server, first: int
) -> None:
    """PostgreSQL keeps what any older transaction might still ask for."""

    async def work() -> list[bool]:
        other, mine = await asyncpg.connect(record.url), await asyncpg.connect(record.url)
        other_transaction = other.transaction(isolation="repeatable_read")
        await other_transaction.start()
        await other.fetchval("SELECT count(*) FROM meta")
        await mine.execute("DELETE FROM body WHERE seq = 8")
        done = [await cleaning.rewrite(mine, "body_2024_10")]
        await other_transaction.rollback()
        # The server's own housekeeping may be such a reader for a while.
        for _ in range(300):
            if await cleaning.rewrite(mine, "body_2024_10"):
                done.append(True)
                break
            await asyncio.sleep(0.1)
        await other.close()
        await mine.close()
        return done

    assert asyncio.run(work()) == [False, True]
    assert found(postgres, first + 7) == set()


def test_a_mark_made_meanwhile_stays(record: Record) -> None:
    async def work() -> dict[str, list[int]]:
        connection = await asyncpg.connect(record.url)
        await connection.execute("INSERT INTO unclean (name) VALUES ('erasure'), ('erasure')")
        before = await cleaning.waiting(connection)
        await connection.execute("INSERT INTO unclean (name) VALUES ('erasure')")
        await cleaning.clean(connection, before["erasure"])
        after = await cleaning.waiting(connection)
        await connection.close()
        return after

    assert {name: len(marks) for name, marks in asyncio.run(work()).items()} == {"erasure": 1}
