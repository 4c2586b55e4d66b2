"""An SQLite record becomes one in PostgreSQL: all of it, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.errors import ChainBroken, ImportRefused
from gateway.ledger import open_ledger
from gateway.ledger.base import Ledger
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import GENESIS
from gateway.model.exchange import Item, items
from tests.ledger.events import DAY, choice
from tests.ledger.record import SHA256, TEXT, entries, erase, events, filled
from tests.ledger.test_base import Record
from tests.ledger.test_export import exported, of
from tests.postgres import Server


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "ledger.sqlite"
    filled(path)
    erase(path, 1, 4, 5)
    return path


@pytest.fixture
def record(postgres: Server, tmp_path: Path) -> Record:
    return Record(postgres.new(), tmp_path / "data")


def restore(record: Record, found: Iterable[Item]) -> None:
    async def whole() -> None:
        ledger = open_ledger(record.url, folder=record.folder)
        try:
            await ledger.restore(found)
        finally:
            await ledger.close()

    asyncio.run(whole())


def test_an_imported_record_is_the_same_and_goes_on(source: Path, record: Record) -> None:
    restore(record, items(exported(of(source))))
    assert record.verify() == asyncio.run(SqliteLedger(source).verify())
    assert record.entries() == entries(source)
    assert record.run(lambda ledger: ledger.text(SHA256)) == TEXT
    (last,) = record.append(choice(9))
    assert (last.seq, last.prev) == (9, entries(source)[-1].head)
    assert record.verify()[0] == 9


def test_many_entries_of_many_years_before_a_fault_leave_an_empty_record(record: Record, tmp_path: Path) -> None:
    long = tmp_path / "long.sqlite"
    filled(long, [choice(number, day=DAY + number) for number in range(1200)])
    lines = exported(of(long))
    with pytest.raises(ChainBroken):
        restore(record, items(lines[:-1]))
    assert record.verify() == (0, GENESIS)
    restore(record, items(lines))
    assert record.verify()[0] == 1200


def test_a_record_that_is_not_empty_stays_as_it_is(source: Path, record: Record) -> None:
    record.append(events()[0])
    before = record.verify()
    with pytest.raises(ImportRefused, match="1 entries already"):
        restore(record, items(exported(of(source))))
    assert record.verify() == before


def test_a_gateway_that_runs_meanwhile_goes_on_after_what_was_imported(source: Path, record: Record) -> None:
    lines = exported(of(source))

    async def work(ledger: Ledger) -> int:
        other = open_ledger(record.url, folder=record.folder)
        await other.restore(items(lines))
        await other.close()
        return (await ledger.append(choice(7))).seq

    assert record.run(work) == 9
    assert record.verify()[0] == 9
