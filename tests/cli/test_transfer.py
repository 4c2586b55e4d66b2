"""`ledger export` and `ledger import`, as a shell sees them."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.model.entry import Kind
from tests.ledger.record import entries, erase, filled, recomputed
from tests.ledger.schemas import ISO27560, KANTARA, Schema, validate
from tests.postgres import Server


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the record is; there is none yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "ledger.sqlite"


@pytest.fixture
def file(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """An export of a record with deleted bodies that is elsewhere by now."""
    filled(path)
    erase(path, 1, 4, 5)
    assert main(["ledger", "export"]) == 0
    out, err = capsys.readouterr()
    assert err == "9 entries of 9 entries, 3 deleted\n"
    exported = tmp_path / "record.jsonl"
    exported.write_text(out)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    return exported


def test_what_is_exported_is_imported_and_verifies(path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, head, _ = recomputed(file.read_bytes().splitlines())
    assert main(["ledger", "import", str(file)]) == 0
    assert capsys.readouterr().out == f"9 entries imported and verified, head {head}\n"
    assert main(["ledger", "verify", "--head", head]) == 0
    assert main(["ledger", "head"]) == 0
    assert entries(path) == entries(path.parent.parent / "elsewhere" / path.name)


def test_an_import_reads_a_pipe(path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert main(["ledger", "import", "-"]) == 0
    assert len(entries(path)) == 9


def test_an_edited_export_is_exit_code_1_and_names_line_and_entry(
    path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = file.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if json.loads(line).get("seq") == 2)
    lines[place] = lines[place].replace('"day":"2026-', '"day":"2025-')
    file.write_text("\n".join(lines))
    assert main(["ledger", "import", str(file)]) == 1
    error = capsys.readouterr().err
    assert "entry 2:" in error
    assert f"(line {place + 1})" in error
    assert entries(path) == []


def test_a_record_that_is_not_empty_is_exit_code_2(path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "import", str(file)]) == 0
    assert main(["ledger", "import", str(file)]) == 2
    assert "a record of 9 entries already" in capsys.readouterr().err


def test_another_file_is_exit_code_2_and_makes_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = path.parent.parent / "other.txt"
    other.write_text("hello\n")
    assert main(["ledger", "import", str(other)]) == 2
    assert "not an exported record" in capsys.readouterr().err
    assert not path.parent.exists()


@pytest.mark.parametrize(("format", "schema"), [("iso27560", ISO27560), ("kantara", KANTARA)])
def test_receipts_go_to_standard_output_and_what_has_none_is_told(
    path: Path, capsys: pytest.CaptureFixture[str], format: str, schema: Schema
) -> None:
    filled(path)
    erase(path, 1)
    assert main(["ledger", "export", "--format", format]) == 0
    out, err = capsys.readouterr()
    for line in out.splitlines():
        validate(schema, json.loads(line))
    assert len(out.splitlines()) == 4
    assert err == "4 receipts of 9 entries, 1 deleted, 1 refusals without an identifier\n"


def test_counts_hold_no_identity(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(path)
    assert main(["ledger", "export", "--counts"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["notice_rev"], row["entries"]) for row in rows] == [(None, 2), (1, 6)]


def test_no_record_is_exit_code_2_and_nothing_is_made(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "export"]) == 2
    assert str(path) in capsys.readouterr().err
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ((), "ledger export jsonl"),
        (("--format", "kantara"), "ledger export kantara"),
        (("--counts",), "ledger export counts"),
    ],
)
def test_an_export_is_noted_with_role_and_command(path: Path, options: tuple[str, ...], what: str) -> None:
    filled(path)
    assert main(["ledger", "export", *options]) == 0
    last = entries(path)[-1]
    assert last.kind is Kind.READ
    assert last.body is not None
    assert {key: last.body[key] for key in ("role", "what")} == {"role": "shell", "what": what}
    assert main(["ledger", "verify"]) == 0


def test_an_export_is_noted_even_if_its_output_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path)

    def broken(*args: object, **more: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("click.echo", broken)
    with pytest.raises(OSError, match="no space left"):
        main(["ledger", "export"])
    assert entries(path)[-1].kind is Kind.READ


def test_nothing_is_exported_that_cannot_be_noted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert main(["ledger", "export"]) == 2
    assert capsys.readouterr().out == ""


def test_an_unknown_format_is_wrong_usage(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "export", "--format", "xml"]) == 2
    assert "jsonl" in capsys.readouterr().err


def test_a_reader_that_leaves_is_no_traceback(path: Path) -> None:
    filled(path)
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "ledger", "export"],
        stdout=write, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_record_in_files_moves_to_postgresql(
    path: Path, file: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, head, _ = recomputed(file.read_bytes().splitlines())
    monkeypatch.setenv("CONSENT_GATEWAY_DATABASE", postgres.new())
    assert main(["ledger", "import", str(file)]) == 0
    assert capsys.readouterr().out == f"9 entries imported and verified, head {head}\n"
    assert main(["ledger", "verify", "--head", head]) == 0
    assert main(["ledger", "head"]) == 0
    assert capsys.readouterr().out == f"9 entries verified, head {head}\n9 {head}\n"
    assert main(["ledger", "import", str(file)]) == 2
    assert main(["ledger", "purge"]) == 0
    capsys.readouterr()
    assert main(["ledger", "export"]) == 0
    again = capsys.readouterr().out.encode()
    assert again.startswith(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert recomputed(again.splitlines())[0] == 10
    assert main(["ledger", "purge", "--all", "--yes"]) == 0
    assert main(["ledger", "verify", "--head", head]) == 0
    assert not path.exists()
