"""A request for erasure survives a record that is away, and a process that ends meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger.erasing import Erasures
from gateway.ledger.sqlite import SqliteLedger
from tests.ledger.events import choice, tag


def test_what_was_kept_in_a_file_is_asked_for_and_the_file_goes(tmp_path: Path) -> None:
    async def work() -> None:
        (tmp_path / "file").touch()
        ledger = SqliteLedger(tmp_path / "ledger.sqlite")
        erasures = Erasures(ledger, tmp_path / "erasing")
        with pytest.raises(LedgerUnavailable):
            await Erasures(SqliteLedger(tmp_path / "file" / "ledger.sqlite"), tmp_path / "erasing").ask(tag(1))
        assert await erasures.keep(tag(1))
        (tmp_path / "erasing" / "notes.txt").touch()
        await ledger.open()
        await ledger.append(choice(1))
        await Erasures(ledger, tmp_path / "erasing").resume()
        assert await ledger.withheld() == {1}
        assert [path.name for path in (tmp_path / "erasing").iterdir()] == ["notes.txt"]
        await ledger.close()

    asyncio.run(work())


def test_two_processes_may_keep_and_resume_the_same_request(tmp_path: Path) -> None:
    async def work() -> None:
        ledger = SqliteLedger(tmp_path / "ledger.sqlite")
        await ledger.open()
        both = [Erasures(ledger, tmp_path / "erasing") for _ in range(2)]
        assert [await erasures.keep(tag(1)) for erasures in both] == [True, True]
        await asyncio.gather(*(erasures.resume() for erasures in both))
        assert not list((tmp_path / "erasing").iterdir())
        await ledger.close()

    asyncio.run(work())


def test_it_says_so_if_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "erasing").write_text("a file where the folder should be")
    erasures = Erasures(SqliteLedger(tmp_path / "ledger.sqlite"), tmp_path / "erasing")
    assert not asyncio.run(erasures.keep(tag(1)))


def test_nothing_waits_where_nothing_was_kept(tmp_path: Path) -> None:
    asyncio.run(Erasures(SqliteLedger(tmp_path / "ledger.sqlite"), tmp_path / "erasing").resume())
    assert not list(tmp_path.iterdir())


def test_the_file_tells_nothing_but_the_tag_and_is_the_owners_alone(tmp_path: Path) -> None:
    asyncio.run(Erasures(SqliteLedger(tmp_path / "ledger.sqlite"), tmp_path / "erasing").keep(tag(1)))
    (path,) = (tmp_path / "erasing").iterdir()
    assert (path.name, path.read_bytes(), path.stat().st_mode & 0o777) == (tag(1).hex(), b"", 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700
