"""Several gateways write one chain, one at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from gateway.ledger.postgresql.writing import Writer
from gateway.model.chain import ChainCheck
from gateway.model.entry import Entry, Event, Kind
from tests.ledger.events import DAY, choice, refusal
from tests.ledger.test_base import Record
from tests.postgres import Server


@pytest.fixture
def record(postgres: Server, tmp_path: Path) -> Record:
    record = Record(postgres.new(), tmp_path)
    record.verify()
    return record


async def writer(url: str) -> Writer:
    return Writer(await asyncpg.connect(url, statement_cache_size=0))


def test_writers_take_turns_and_each_follows_the_other(record: Record) -> None:
    async def one(number: int) -> list[Entry]:
        mine = await writer(record.url)
        found = [entry for n in range(10) for entry in await mine.commit([choice(number), refusal()], DAY)]
        await mine.connection.close()
        return found

    async def whole() -> list[list[Entry]]:
        return await asyncio.gather(*map(one, range(4)))

    parts = asyncio.run(whole())
    entries = sorted((entry for part in parts for entry in part), key=lambda entry: entry.seq)
    check = ChainCheck()
    for entry in entries:
        check.feed(entry)
    check.finish()
    assert check.seq == 80
    assert record.verify() == (80, entries[-1].head)


def test_bodies_of_choices_and_of_housekeeping_are_apart(record: Record, postgres: Server) -> None:
    record.append(choice(1), refusal(), Event(Kind.ANCHOR, DAY, {}))
    bodies, kept = postgres.execute("SELECT seq, tag FROM body ORDER BY seq", "SELECT seq FROM kept", url=record.url)
    assert [seq for seq, _ in bodies] == [1, 2]
    assert bodies[1][1] is None
    assert kept == [(3,)]


def test_a_writer_that_stands_still_is_sent_away(record: Record) -> None:
    async def stand_still(slow: Writer, other: Writer) -> None:
        async with slow.locked():
            await slow.connection.execute("SET LOCAL idle_in_transaction_session_timeout = '100ms'")
            assert (await other.commit([choice(1)], DAY))[0].seq == 1
            await slow.write(await slow.seal([choice(2)]))

    async def whole() -> None:
        slow, other = await writer(record.url), await writer(record.url)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await stand_still(slow, other)
        assert slow.connection.is_closed()
        await other.connection.close()

    asyncio.run(whole())
    assert record.verify()[0] == 1


def test_a_transaction_that_is_broken_off_leaves_nothing(record: Record, postgres: Server) -> None:
    async def break_off(mine: Writer) -> None:
        async with mine.locked():
            await mine.write(await mine.seal([choice(1), choice(2, day=DAY + 900)]))
            raise KeyError

    async def whole() -> None:
        with pytest.raises(KeyError):
            await break_off(await writer(record.url))
        again = await writer(record.url)
        assert (await again.commit([choice(3)], DAY))[0].seq == 1
        await again.connection.close()

    asyncio.run(whole())
    (rows,) = postgres.execute("SELECT seq FROM body", url=record.url)
    assert rows == [(1,)]
