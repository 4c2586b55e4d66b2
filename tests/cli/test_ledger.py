"""`ledger verify` and `ledger head`, on real records."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.ledger.sqlite import SqliteLedger
from tests.ledger.events import choice


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "ledger.sqlite"


@pytest.fixture
def head(path: Path) -> str:
    """The head of a record of three entries."""

    async def fill() -> bytes:
        ledger = SqliteLedger(path)
        await ledger.open()
        entries = [await ledger.append(choice()) for _ in range(3)]
        await ledger.close()
        return entries[-1].head

    return asyncio.run(fill()).hex()


def edit(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_a_whole_record_verifies(head: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify"]) == 0
    assert capsys.readouterr().out == f"3 entries verified, head {head}\n"


def test_the_terminal_says_how_fast_it_was_and_what_only_an_anchor_shows(
    head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["ledger", "verify"])
    said = capsys.readouterr().err
    assert "entries a second" in said
    assert "--head" in said
    main(["ledger", "verify", "--head", head])
    assert "--head" not in capsys.readouterr().err


def test_the_head_is_number_and_hash(head: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "head"]) == 0
    assert capsys.readouterr().out == f"3 {head}\n"


def test_an_edited_record_is_exit_code_1_and_names_the_place(
    path: Path, head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(path, "UPDATE chain SET day = '2020-01-01' WHERE seq = 2")
    assert main(["ledger", "verify"]) == 1
    assert "entry 2:" in capsys.readouterr().err


def test_a_cut_tail_is_exit_code_1_only_with_the_anchor(path: Path, head: str) -> None:
    assert main(["ledger", "verify", "--head", head]) == 0
    edit(path, "DELETE FROM chain WHERE seq = 3")
    assert main(["ledger", "verify"]) == 0
    assert main(["ledger", "verify", "--head", head]) == 1


@pytest.mark.parametrize("given", ["zz", "ab", ""])
def test_a_head_that_is_none_is_wrong_usage(path: Path, given: str) -> None:
    assert main(["ledger", "verify", "--head", given]) == 2


def test_a_record_that_is_not_there_cannot_be_verified_and_is_not_made(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify"]) == 2
    assert str(path) in capsys.readouterr().err
    assert not path.parent.exists()
