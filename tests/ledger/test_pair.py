"""The order of the two commits: whatever is left behind explains itself."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.ledger.files import bodies_path
from gateway.ledger.pair import FilePair
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Entry
from tests.ledger.events import choice


def committed(path: Path, *, new: bool = True) -> list[Entry]:
    async def whole() -> list[Entry]:
        pair = await FilePair.open(path, new=new, busy=0.1)
        try:
            return await pair.commit([choice(1), choice(2)], today=0)
        finally:
            await pair.close()

    return asyncio.run(whole())


def numbers(file: Path, table: str) -> list[int]:
    connection = sqlite3.connect(file)
    rows = connection.execute(f"SELECT seq FROM {table} ORDER BY seq").fetchall()
    connection.close()
    return [seq for (seq,) in rows]


def test_a_crash_between_the_commits_leaves_bodies_that_never_happened(tmp_path: Path) -> None:
    path = tmp_path / "x"
    committed(path)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TRIGGER crash BEFORE INSERT ON chain BEGIN SELECT RAISE(ABORT, 'crash'); END")
    connection.commit()
    with pytest.raises(sqlite3.IntegrityError, match="crash"):
        committed(path)
    assert (numbers(path, "chain"), numbers(bodies_path(path), "body")) == ([1, 2], [1, 2, 3, 4])
    assert asyncio.run(SqliteLedger(path).verify())[0] == 2
    connection.execute("DROP TRIGGER crash")
    connection.commit()
    connection.close()
    assert [entry.seq for entry in committed(path)] == [3, 4]
    assert asyncio.run(SqliteLedger(path).verify())[0] == 4


def test_bodies_another_process_left_behind_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x"

    async def whole() -> None:
        pair = await FilePair.open(path, new=True, busy=0.1)
        with sqlite3.connect(bodies_path(path)) as other:
            other.execute("INSERT INTO body VALUES (1, NULL, zeroblob(32), '{}')")
        other.close()
        await pair.commit([choice(1)], today=0)
        await pair.close()

    asyncio.run(whole())
    assert asyncio.run(SqliteLedger(path).verify())[0] == 1


def test_bodies_that_cannot_be_written_leave_no_chain_row(tmp_path: Path) -> None:
    path = tmp_path / "x"
    committed(path)
    connection = sqlite3.connect(bodies_path(path))
    connection.execute("CREATE TRIGGER full BEFORE INSERT ON body BEGIN SELECT RAISE(ABORT, 'full'); END")
    connection.commit()
    connection.close()
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        committed(path)
    assert numbers(path, "chain") == [1, 2]


@pytest.mark.parametrize("absent", [lambda path: path, bodies_path], ids=["chain", "bodies"])
def test_a_file_that_should_exist_is_not_made(tmp_path: Path, absent: object) -> None:
    path = tmp_path / "x"
    committed(path)
    gone = bodies_path(path) if absent is bodies_path else path
    gone.unlink()
    with pytest.raises(FileNotFoundError):
        committed(path, new=False)
    assert not gone.exists()
