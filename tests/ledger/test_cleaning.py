"""No byte of what was deleted is left in any file."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from gateway.ledger.files import bodies_path
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Event, Kind
from tests.ledger.events import DAY, choice, tag
from tests.ledger.test_base import RULE
from tests.served import contents


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite"


def sized(chance: random.Random, alive: list[bytes]) -> Event:
    """A new visitor with a tag anywhere in the index, or one seen before; with a body of any size."""
    if not alive or chance.random() > 0.3:
        alive.append(chance.randbytes(16))
        one = alive[-1]
    else:
        one = chance.choice(alive)
    body = {**choice().body, "subject_tag": one.hex(), "tenant": "/" * chance.randint(0, 900)}
    return Event(Kind.GRANT, DAY, body)


def found(path: Path, *needles: bytes) -> list[tuple[str, bytes]]:
    """Where any of the bytes are in the files beside the record: database, log, shared memory, journal, list."""
    files = {file.name: held for file, held in contents(path.parent).items()}
    assert bodies_path(path).name in files
    return [(name, needle) for needle in needles for name, data in files.items() if needle in data]


def secrets_of(path: Path, tags: set[bytes]) -> list[bytes]:
    """Tag in both forms and salt of every body of the tags."""
    with sqlite3.connect(bodies_path(path)) as connection:
        rows = connection.execute("SELECT tag, salt FROM body").fetchall()
    connection.close()
    mine = [(one, salt) for one, salt in rows if one in tags]
    return [needle for one, salt in mine for needle in (one, one.hex().encode(), salt)]


def test_nothing_is_left_after_many_rows_moved_between_pages(path: Path) -> None:
    """Without the rewriting of the file this leaves copies: the sizes and the order are chosen so (SQLite 3.40)."""
    chance = random.Random(1)
    alive: list[bytes] = []
    dead: list[bytes] = []

    async def work() -> None:
        ledger = SqliteLedger(path, clock=lambda: DAY * 86_400.0)
        await ledger.open()
        for _ in range(10):
            events = [sized(chance, alive) for _ in range(300)]
            await asyncio.gather(*(ledger.append(event) for event in events))
            gone = set(chance.sample(alive, 90))
            dead.extend(secrets_of(path, gone))
            for one in gone:
                await ledger.erase(one)
            await ledger.purge(RULE)
            alive[:] = [one for one in alive if one not in gone]
        await ledger.close()

    asyncio.run(work())
    assert len(dead) > 2000
    assert found(path, *dead) == []
    assert asyncio.run(SqliteLedger(path).verify())[0] == 10 * 301


def test_it_is_not_done_while_a_reader_still_sees_the_bodies(path: Path) -> None:
    async def work() -> None:
        ledger = SqliteLedger(path, clock=lambda: DAY * 86_400.0)
        await ledger.open()
        for number in range(3):
            await ledger.append(choice(number))
        needles = secrets_of(path, {tag(1)})
        reading = ledger.entries()
        await anext(reading)
        await ledger.erase(tag(1))
        purging = asyncio.create_task(ledger.purge(RULE))
        await asyncio.sleep(0.5)
        assert not purging.done()
        assert found(path, *needles)
        assert (await ledger.append(choice(5))).seq == 5
        await reading.aclose()
        assert (await purging).erased == 1
        assert found(path, *needles) == []
        await ledger.close()

    asyncio.run(work())


def test_a_purge_that_was_cut_short_is_finished_by_the_next_one(path: Path) -> None:
    needles: list[bytes] = []

    async def cut_short() -> None:
        ledger = SqliteLedger(path, clock=lambda: DAY * 86_400.0)
        await ledger.open()
        for number in range(3):
            await ledger.append(choice(number))
        needles.extend(secrets_of(path, {tag(1)}))
        await ledger.erase(tag(1))
        reading = ledger.entries()
        await anext(reading)
        purging = asyncio.create_task(ledger.purge(RULE))
        await asyncio.sleep(0.3)
        purging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await purging
        assert found(path, *needles)
        # As after a crash: a reader is open, so the last connection to close cannot empty the log.
        with sqlite3.connect(bodies_path(path)) as other:
            other.execute("SELECT count(*) FROM body").fetchone()
            await reading.aclose()
            await ledger.close()
        other.close()

    async def next_day() -> None:
        ledger = SqliteLedger(path, clock=lambda: DAY * 86_400.0)
        await ledger.open()
        assert (await ledger.purge(RULE)).erased == 0
        assert found(path, *needles) == []
        await ledger.close()

    asyncio.run(cut_short())
    asyncio.run(next_day())


def test_the_file_is_not_rewritten_where_nothing_was_deleted(path: Path) -> None:
    async def work() -> None:
        ledger = SqliteLedger(path, clock=lambda: DAY * 86_400.0)
        await ledger.open()
        await ledger.append(choice(1))
        before = bodies_path(path).stat().st_mtime_ns
        await ledger.purge(RULE)
        assert bodies_path(path).stat().st_mtime_ns == before
        await ledger.close()

    asyncio.run(work())
