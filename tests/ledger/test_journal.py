"""The file in which events wait: whole lines or none, one owner, nothing left behind."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.ledger import journal as module
from gateway.ledger.journal import DAMAGED, Journal, Waiting, adopt
from gateway.model.entry import Event
from tests.ledger.events import choice, refusal, tag, withdrawal

FIRST = replace(choice(1), salt=b"s" * 32, counters=(("shown", "", ""), ("accept", "locale", "en")))


def salted(event: Event, number: int) -> Event:
    return replace(event, salt=number.to_bytes(32, "big"))


LINES = [
    Waiting(FIRST, 0),
    Waiting(salted(refusal(), 2), 7),
    Waiting(tag(1), 7),
    Waiting(salted(withdrawal(3), 3), 9),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def left(folder: Path, lines: list[Waiting] = LINES) -> Path:
    """What a dead process has left."""
    journal = Journal.new(folder)
    journal.write(lines)
    journal.close()
    return journal.path


def found(folder: Path) -> list[Waiting]:
    (journal,) = adopt(folder)
    count, tags = journal.repair()
    waiting = journal.read(0, 99)[0]
    assert (count, tags) == (len(waiting), {one.what for one in waiting if isinstance(one.what, bytes)})
    journal.close()
    return waiting


def test_what_was_written_is_read_back_with_salt_and_counters(folder: Path) -> None:
    left(folder)
    waiting = found(folder)
    assert waiting == LINES
    first = waiting[0].what
    assert isinstance(first, Event)
    assert (first.salt, first.counters) == (FIRST.salt, FIRST.counters)


def test_it_is_read_a_part_at_a_time(folder: Path) -> None:
    journal = Journal.new(folder)
    journal.write(LINES[:2])
    journal.write(LINES[2:])
    some, offset = journal.read(0, 3)
    rest, end = journal.read(offset, 3)
    assert (some + rest, journal.read(end, 3)) == (LINES, ([], end))
    journal.close()


def test_files_are_the_owners_alone(folder: Path) -> None:
    assert left(folder).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_living_process_keeps_its_file(folder: Path) -> None:
    mine = Journal.new(folder)
    code = (
        "import sys; from pathlib import Path; from gateway.ledger.journal import adopt;"
        "print(len(adopt(Path(sys.argv[1]))))"
    )
    assert adopt(folder) == []
    command = [sys.executable, "-c", code, str(folder)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0\n"
    mine.close()
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"


def test_an_adopted_file_belongs_to_one_process(folder: Path) -> None:
    path = left(folder)
    (mine,) = adopt(folder)
    assert adopt(folder) == []
    mine.wipe()
    assert Journal.adopted(path) is None


def test_a_wiped_file_is_gone_and_overwritten(folder: Path, tmp_path: Path) -> None:
    path = left(folder)
    kept = tmp_path / "kept"
    os.link(path, kept)
    (journal,) = adopt(folder)
    journal.wipe()
    assert list(folder.iterdir()) == []
    assert kept.read_bytes() == b""


@pytest.mark.parametrize("cut", [1, 2, 30, 200])
def test_a_last_line_that_a_crash_has_cut_goes_and_the_log_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture, cut: int
) -> None:
    path = left(folder)
    os.truncate(path, path.stat().st_size - cut)
    assert found(folder) == LINES[:3]
    assert "cut off by a crash" in caplog.text
    caplog.clear()
    assert found(folder) == LINES[:3]
    assert caplog.text == ""


def test_zeros_that_a_crash_has_left_are_no_line(folder: Path) -> None:
    path = left(folder)
    with path.open("ab") as file:
        file.write(bytes(5000))
    assert found(folder) == LINES


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"kind":"refuse"', b'"kind":"regret"'), (b"refuse", b"r\x00fuse"), (b'"day":', b'"dey":'), (b" {", b"{")],
)
def test_a_damaged_line_is_set_aside_and_the_others_are_kept(
    folder: Path, caplog: pytest.LogCaptureFixture, old: bytes, new: bytes
) -> None:
    path = left(folder)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(old, new)
    path.write_bytes(b"".join(lines))
    assert found(folder) == [LINES[0], *LINES[2:]]
    aside = path.with_suffix(DAMAGED)
    assert aside.read_bytes() == lines[1]
    assert aside.stat().st_mode & 0o777 == 0o600
    assert caplog.records[-1].levelno == logging.ERROR
    assert str(aside) in caplog.text


def test_rubbish_longer_than_any_line_loses_nothing_behind_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST", 2000)
    path = left(folder)
    text = path.read_bytes()
    path.write_bytes(bytes(9000) + b"\n" + text)
    assert found(folder) == LINES


def test_what_was_set_aside_goes_after_thirty_days(folder: Path) -> None:
    path = left(folder)
    path.write_bytes(b"x\n" + path.read_bytes())
    found(folder)
    aside = path.with_suffix(DAMAGED)
    for journal in adopt(folder):
        journal.close()
    assert aside.exists()
    os.utime(aside, (0, 0))
    for journal in adopt(folder):
        journal.close()
    assert not aside.exists()


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process may grow beyond `room` bytes, as on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def test_on_a_full_disk_nothing_of_a_group_is_kept(folder: Path) -> None:
    journal = Journal.new(folder)
    journal.write(LINES[:1])
    size = journal.path.stat().st_size
    with full_disk(size + 300), pytest.raises(OSError, match="File too large"):
        journal.write(LINES[1:])
    assert journal.path.stat().st_size == size
    journal.write(LINES[3:])
    assert journal.read(0, 99)[0] == [LINES[0], LINES[3]]
    journal.close()


def test_a_full_journal_takes_nothing_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    journal = Journal.new(folder)
    journal.write(LINES[:1])
    with pytest.raises(OSError, match="the journal is full"):
        journal.write(LINES)
    assert journal.read(0, 99)[0] == LINES[:1]
    journal.close()


def test_where_there_is_no_folder_nothing_waits(folder: Path) -> None:
    assert adopt(folder) == []
    assert not folder.exists()
