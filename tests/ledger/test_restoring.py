"""An empty record filled from a file: all of it, or nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import ChainBroken, ImportRefused
from gateway.ledger.files import bodies_path
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import GENESIS, Event, Kind
from gateway.model.exchange import Item, entry_line, header_line, items, text_line
from tests.ledger.record import PICTURE, SHA256, TEXT, choice, entries, erase, events, filled
from tests.ledger.test_export import exported, of


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "ledger.sqlite"
    filled(path)
    erase(path, 1, 4, 5)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "target" / "ledger.sqlite"


def restore(path: Path, found: Iterable[Item]) -> None:
    asyncio.run(SqliteLedger(path, busy=0.1).restore(found))


def verify(path: Path) -> tuple[int, bytes]:
    return asyncio.run(SqliteLedger(path).verify())


def rows(path: Path) -> list[int]:
    counts = []
    for file, tables in ((path, ("chain", "text")), (bodies_path(path), ("body",))):
        with closing(sqlite3.connect(file)) as connection:
            counts += [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    return counts


def test_an_imported_record_verifies_and_is_the_same(source: Path, path: Path) -> None:
    lines = exported(of(source))
    restore(path, items(lines))
    assert verify(path) == verify(source)
    assert entries(path) == entries(source)
    assert exported(of(path)) == lines
    assert asyncio.run(SqliteLedger(path).text(SHA256)) == TEXT


def test_it_goes_on_where_the_other_ended(source: Path, path: Path) -> None:
    restore(path, items(exported(of(source))))
    filled(path, [choice(Kind.GRANT, 9)])
    assert verify(path)[0] == 9
    assert entries(path)[-1].prev == verify(source)[1]


def test_its_files_are_private_and_write_ahead_again(source: Path, path: Path) -> None:
    restore(path, items(exported(of(source))))
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    for file in (path, bodies_path(path)):
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_broken_file_leaves_an_empty_record(source: Path, path: Path) -> None:
    lines = exported(of(source))
    with pytest.raises(ChainBroken):
        restore(path, items(lines[:-1]))
    assert rows(path) == [0, 0, 0]
    assert verify(path) == (0, GENESIS)
    restore(path, items(lines))
    assert verify(path) == verify(source)


def test_many_entries_before_the_fault_leave_an_empty_record_too(tmp_path: Path, path: Path) -> None:
    long = tmp_path / "long.sqlite"
    filled(long, events()[:1] * 1_200)
    with pytest.raises(ChainBroken):
        restore(path, items(exported(of(long))[:-1]))
    assert rows(path) == [0, 0, 0]


def test_a_record_that_is_not_empty_stays_as_it_is(source: Path, path: Path) -> None:
    filled(path, [Event(Kind.ANCHOR, 1, {})])
    before = verify(path)
    with pytest.raises(ImportRefused, match="1 entries already"):
        restore(path, items(exported(of(source))))
    assert verify(path) == before


def test_a_record_that_is_opened_but_empty_is_filled(source: Path, path: Path) -> None:
    async def opened() -> None:
        ledger = SqliteLedger(path)
        await ledger.open()
        await ledger.close()

    asyncio.run(opened())
    restore(path, items(exported(of(source))))
    assert verify(path) == verify(source)


def test_a_record_in_use_is_left_alone(source: Path, path: Path) -> None:
    async def both() -> None:
        gateway = SqliteLedger(path)
        await gateway.open()
        with pytest.raises(ImportRefused, match="stop the gateway"):
            await SqliteLedger(path, busy=0.1).restore(items(exported_lines))
        await gateway.append(choice(Kind.GRANT, 1))
        await gateway.close()

    exported_lines = exported(of(source))
    asyncio.run(both())
    assert verify(path)[0] == 1


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.exchange import items

def lines():
    with open(sys.argv[2], "rb") as file:
        yield from file.readlines()[:-1]
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(SqliteLedger(Path(sys.argv[1])).restore(items(lines())))
"""


def test_a_process_killed_in_the_middle_leaves_an_empty_record(tmp_path: Path, path: Path) -> None:
    long, file = tmp_path / "long.sqlite", tmp_path / "export.jsonl"
    filled(long, events()[:1] * 9_000)
    file.write_bytes(b"".join(exported(of(long))))
    done = subprocess.run([sys.executable, "-c", CRASH, str(path), str(file)], cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL
    assert bodies_path(path).stat().st_size > 1_000_000  # it had spilled into the file
    assert verify(path) == (0, GENESIS)
    with file.open("rb") as again:
        restore(path, items(again))
    assert verify(path) == verify(long)


def test_only_the_texts_of_a_good_file_are_kept(path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield from (header_line(), text_line(TEXT), text_line(PICTURE), b"?\n")

    with pytest.raises(ChainBroken):
        restore(path, items(broken()))
    assert rows(path) == [0, 0, 0]


def test_an_entry_that_does_not_belong_at_the_beginning_is_refused(source: Path, path: Path) -> None:
    later = entries(source)[1]
    with pytest.raises(ChainBroken, match="missing"):
        restore(path, items([header_line(), entry_line(later)]))
