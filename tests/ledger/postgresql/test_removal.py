"""Bodies that are gone stay gone: a backup of the database does not bring back what the list outside of it names."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger import open_ledger
from gateway.ledger.base import Ledger
from gateway.model.entry import Kind
from tests.ledger.events import DAY, choice, tag
from tests.ledger.test_base import RULE, YEARS, Record
from tests.postgres import Server

TABLES = ("chain", "kept", "body", "erasure")


@pytest.fixture
def record(postgres: Server, tmp_path: Path) -> Record:
    record = Record(postgres.new(), tmp_path / "data")
    record.append(*(choice(number) for number in range(6)))
    return record


def backup(server: Server, record: Record) -> None:
    server.execute(*(f"CREATE TABLE {name}_backup AS TABLE {name}" for name in TABLES), url=record.url)


def restore(server: Server, record: Record) -> None:
    for name in TABLES:
        server.execute(f"DELETE FROM {name}", f"INSERT INTO {name} TABLE {name}_backup", url=record.url)


def test_a_restored_backup_loses_again_what_was_erased_before_it_serves(record: Record, postgres: Server) -> None:
    backup(postgres, record)
    record.erase(1, 4)
    record.purge()
    restore(postgres, record)
    assert record.bodies() == [1, 3, 4, 6]
    assert record.entries()[-1].body == {"n": 2}
    assert record.verify()[0] == 7


def test_a_gateway_without_the_list_leaves_it_to_one_that_has_it(
    record: Record, postgres: Server, tmp_path: Path
) -> None:
    backup(postgres, record)
    record.erase(1)
    record.purge()
    restore(postgres, record)
    other = Record(record.url, tmp_path / "other")
    assert len(other.bodies()) == 6
    other.append(choice(9))
    assert len(record.bodies()) == 6
    assert record.verify()[0] == 8
    assert other.verify() == record.verify()


def test_what_was_kept_long_enough_does_not_come_back_either(record: Record, postgres: Server) -> None:
    backup(postgres, record)
    record.purge(DAY + 185 + YEARS)
    restore(postgres, record)
    assert record.bodies() == []
    assert [entry.kind for entry in record.entries()[6:]] == [Kind.RETENTION]
    record.verify()


def test_the_list_of_another_record_removes_nothing(record: Record, postgres: Server, tmp_path: Path) -> None:
    record.erase(1)
    record.purge()
    other = Record(postgres.new(), tmp_path / "other")
    other.append(*(choice(number) for number in range(6)))
    shutil.copy(tmp_path / "data" / "ledger-erased.sqlite", tmp_path / "other")
    assert len(other.bodies()) == 6


def test_a_removal_that_fails_after_its_list_was_written_is_done_at_the_next_start(
    record: Record, postgres: Server
) -> None:
    record.erase(1, 2)
    postgres.execute(
        "CREATE FUNCTION c() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'crash'; END $$",
        "CREATE TRIGGER crash BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION c()",
        url=record.url,
    )
    ledger = open_ledger(record.url, lambda: DAY * 86_400.0, record.folder)
    with pytest.raises(LedgerUnavailable, match="crash"):
        asyncio.run(ledger.purge(RULE))
    postgres.execute("DROP TRIGGER crash ON kept", url=record.url)
    assert record.bodies() == [1, 4, 5, 6]
    record.purge()
    assert [entry.body for entry in record.entries()[6:]] == [{"n": 2}]
    assert record.verify()[0] == 7


def test_a_list_that_cannot_be_written_stops_the_deletion(record: Record) -> None:
    record.erase(1)
    record.folder.mkdir(exist_ok=True)
    record.folder.joinpath("ledger-erased.sqlite").write_bytes(b"not a database" * 90)
    ledger = open_ledger(record.url, lambda: DAY * 86_400.0, record.folder)
    with pytest.raises(LedgerUnavailable, match="list of deleted"):
        asyncio.run(ledger.purge(RULE))
    record.folder.joinpath("ledger-erased.sqlite").unlink()
    assert len(record.bodies()) == 6


def test_two_gateways_that_purge_at_once_account_for_each_body_once(record: Record, tmp_path: Path) -> None:
    record.erase(*range(6))

    async def whole() -> int:
        ledgers = [open_ledger(record.url, lambda: DAY * 86_400.0, tmp_path / str(n)) for n in range(3)]
        done = await asyncio.gather(*(ledger.purge(RULE) for ledger in ledgers))
        await asyncio.gather(*(ledger.close() for ledger in ledgers))
        return sum(purged.erased for purged in done)

    assert asyncio.run(whole()) == 6
    assert record.bodies() == []
    assert record.verify()[0] == 7


def test_many_subjects_are_removed_a_part_at_a_time(postgres: Server, tmp_path: Path) -> None:
    record = Record(postgres.new(), tmp_path)

    async def work(ledger: Ledger) -> None:
        events = (choice(number) for number in range(1500))
        await asyncio.gather(*(ledger.append(event) for event in events))
        for number in range(1100):
            await ledger.erase(tag(number))

    record.run(work)
    assert record.purge().erased == 1100
    assert [entry.body for entry in record.entries()[1500:]] == [{"n": 1000}, {"n": 100}]
    assert record.purge(DAY + 185 + YEARS).expired == 400
    record.verify()
