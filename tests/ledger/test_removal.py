"""Bodies that are gone stay gone, through crashes and restored backups, and the chain accounts for them."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import ChainBroken, LedgerUnavailable
from gateway.ledger.erased import ErasedList, erased_path
from gateway.ledger.files import bodies_path
from gateway.ledger.pair import FilePair
from gateway.ledger.removal import Remover
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Kind
from tests.ledger.events import DAY, choice, tag
from tests.ledger.test_base import YEARS, Record

FILES: dict[str, Callable[[Path], list[Path]]] = {
    "bodies": lambda path: [bodies_path(path)],
    "chain and bodies": lambda path: [path, bodies_path(path)],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite"


@pytest.fixture
def record(path: Path) -> Record:
    record = Record(f"sqlite:///{path}")
    record.append(*(choice(number) for number in range(6)))
    return record


def copied(files: list[Path], folder: Path) -> None:
    """Copies of the files, which nobody has open."""
    folder.mkdir(exist_ok=True)
    for file in files:
        shutil.copy(file, folder / file.name)


@pytest.mark.parametrize("which", FILES)
def test_a_backup_brings_nothing_back(record: Record, path: Path, tmp_path: Path, which: str) -> None:
    files = FILES[which](path)
    copied(files, tmp_path / "backup")
    record.erase(1, 4)
    record.purge()
    for file in files:
        shutil.copy(tmp_path / "backup" / file.name, file)
    assert record.bodies() == [1, 3, 4, 6]
    assert record.verify()[0] == 7
    record.purge()
    assert bodies_path(path).read_bytes().count(tag(1)) == 0
    assert record.verify()[0] == 7


def test_a_restored_backup_that_was_not_started_yet_does_not_verify(
    record: Record, path: Path, tmp_path: Path
) -> None:
    copied([bodies_path(path)], tmp_path / "backup")
    record.erase(1)
    record.purge()
    shutil.copy(tmp_path / "backup" / bodies_path(path).name, bodies_path(path))
    with pytest.raises(ChainBroken, match="0 bodies are gone, the record accounts for 1"):
        asyncio.run(SqliteLedger(path).verify())


def test_a_backup_brings_back_nothing_that_was_kept_long_enough(
    record: Record, path: Path, tmp_path: Path
) -> None:
    copied([path, bodies_path(path)], tmp_path / "backup")
    record.purge(DAY + 185 + YEARS)
    for file in (path, bodies_path(path)):
        shutil.copy(tmp_path / "backup" / file.name, file)
    assert record.bodies() == []
    assert [entry.kind for entry in record.entries()[6:]] == [Kind.RETENTION]
    record.verify()


def test_the_list_of_another_record_removes_nothing(record: Record, path: Path, tmp_path: Path) -> None:
    record.erase(1)
    record.purge()
    other = Record(f"sqlite:///{tmp_path / 'other' / 'ledger.sqlite'}")
    other.append(*(choice(number) for number in range(6)))
    shutil.copy(erased_path(path), tmp_path / "other" / "ledger-erased.sqlite")
    assert len(other.bodies()) == 6
    assert other.verify()[0] == 6


CRASHES = {
    "before the bodies": ("bodies", "CREATE TRIGGER crash BEFORE DELETE ON body BEGIN SELECT RAISE(ABORT, 'c'); END"),
    "before the chain": ("chain", "CREATE TRIGGER crash BEFORE INSERT ON chain BEGIN SELECT RAISE(ABORT, 'c'); END"),
}


@pytest.mark.parametrize(("file", "trigger"), CRASHES.values(), ids=CRASHES.keys())
def test_a_crash_in_the_middle_is_made_good_by_the_next_start(
    record: Record, path: Path, file: str, trigger: str
) -> None:
    record.erase(1, 4)
    place = path if file == "chain" else bodies_path(path)
    with sqlite3.connect(place) as connection:
        connection.execute(trigger)
    connection.close()
    with pytest.raises(LedgerUnavailable):
        record.purge()
    with sqlite3.connect(place) as connection:
        connection.execute("DROP TRIGGER crash")
    connection.close()
    record.append(choice(9))
    record.purge()
    assert record.bodies() == [1, 3, 4, 6, 8]
    assert sum(entry.kind is Kind.ERASURE for entry in record.entries()) == 1
    assert record.verify()[0] == 8


def test_what_is_asked_for_twice_is_accounted_for_once(record: Record) -> None:
    record.erase(1)
    record.purge()
    record.erase(1)
    record.purge()
    record.purge(DAY + 185 + YEARS)
    assert [(entry.kind, (entry.body or {}).get("n")) for entry in record.entries()[6:]] == [
        (Kind.ERASURE, 1),
        (Kind.RETENTION, 5),
    ]
    record.verify()


def test_what_went_meanwhile_is_not_accounted_for_again(record: Record, path: Path) -> None:
    async def work() -> None:
        pair = await FilePair.open(path, new=False, busy=1)
        remover = Remover(pair, ErasedList(path, busy=1), DAY + 1)
        assert await remover.expire([1, 2], "2030-01-01") == 2
        assert await remover.expire([2, 3], "2030-01-01") == 1
        assert await remover.expire([1, 2, 3], "2030-01-01") == 0
        await pair.close()

    asyncio.run(work())
    assert record.bodies() == [4, 5, 6]
    assert record.verify()[0] == 8


@pytest.mark.timeout(300)
def test_more_subjects_than_fit_into_one_transaction_all_go(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.append(*(choice(number) for number in range(10, 1100)))
    record.erase(*range(1100))
    assert record.purge().erased == 1096
    assert record.bodies() == []
    assert [(entry.body or {})["n"] for entry in record.entries() if entry.kind is Kind.ERASURE] == [996, 100]
    record.verify()


@pytest.mark.timeout(300)
def test_many_consents_that_ended_long_ago_all_go(record: Record) -> None:
    record.append(*(choice(number) for number in range(10, 2100)))
    assert record.purge(DAY + 185 + YEARS).expired == 2096
    assert record.bodies() == []
    record.verify()
