"""`ledger purge`, on real records."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config.keys import KEY_FILE, TAG_KEY_FILE, folder_key
from gateway.ledger.journal import FOLDER, Journal, Waiting
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import iso_day
from tests.ledger.events import choice, tag

TODAY = int(time.time() // 86_400)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "ledger.sqlite"


def on(path: Path, work: Callable[[SqliteLedger], Awaitable[None]]) -> None:
    async def whole() -> None:
        ledger = SqliteLedger(path)
        await ledger.open()
        await work(ledger)
        await ledger.close()

    asyncio.run(whole())


@pytest.fixture
def record(path: Path) -> Path:
    """One consent that ended long ago, one of today, one that shall be erased."""

    async def fill(ledger: SqliteLedger) -> None:
        await ledger.append(choice(1, day=TODAY - 6 * 366 - 186))
        await ledger.append(choice(2, day=TODAY))
        await ledger.append(choice(3, day=TODAY))
        await ledger.erase(tag(3))

    on(path, fill)
    return path


def left(path: Path) -> list[int]:
    numbers: list[int] = []

    async def read(ledger: SqliteLedger) -> None:
        await ledger.verify()
        numbers.extend([e.seq async for e in ledger.entries() if e.body and "choices" in e.body])

    on(path, read)
    return numbers


def test_what_is_due_goes_and_is_counted(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "purge"]) == 0
    assert capsys.readouterr().out == "1 bodies deleted on request, 1 after their period\n"
    assert left(record) == [2]


def test_the_end_of_the_service_leaves_no_body_and_no_key(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (KEY_FILE, TAG_KEY_FILE):
        folder_key(record.parent, name)
    assert main(["ledger", "purge", "--all", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "3 bodies deleted" in said
    assert left(record) == []
    assert [name for name in (KEY_FILE, TAG_KEY_FILE) if (record.parent / name).exists()] == []
    assert f"{TAG_KEY_FILE} destroyed" in said


def test_it_says_that_keys_of_the_environment_are_left(
    record: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENT_GATEWAY_TAG_KEY", "t" * 32)
    assert main(["ledger", "purge", "--all", "--yes"]) == 0
    assert "CONSENT_GATEWAY_TAG_KEY" in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_without_a_yes_nothing_goes(record: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert main(["ledger", "purge", "--all"]) != 0
    assert left(record) == [1, 2, 3]


@pytest.mark.parametrize("options", [[], ["--all", "--yes"]])
def test_a_record_that_is_not_there_is_not_made(path: Path, options: list[str]) -> None:
    assert main(["ledger", "purge", *options]) == 2
    assert not path.parent.exists()


@pytest.mark.parametrize("options", [[], ["--all", "--yes"]])
def test_a_hold_stops_it_and_says_why(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(f'[evidence_hold]\nreason = "claim 12"\nuntil = "{iso_day(TODAY + 1)}"\n')
    assert main(["ledger", "purge", *options]) == 1
    assert "claim 12" in capsys.readouterr().err
    assert left(record) == [1, 2, 3]
    file.write_text("evidence_years = 9\n")
    assert main(["ledger", "purge"]) == 0
    assert left(record) == [1, 2]


def test_at_the_end_of_the_service_nothing_waits_in_a_journal_either(record: Path) -> None:
    left = Journal.new(record.parent / FOLDER)
    left.write([Waiting(replace(choice(1), salt=bytes(32)), 0)])
    left.close()
    assert main(["ledger", "purge"]) == 0
    assert left.path.exists()
    assert main(["ledger", "purge", "--all", "--yes"]) == 0
    assert not left.path.exists()
