"""The record in SQLite: durable, private, tamper-evident, and well again as soon as its files are."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ChainBroken, LedgerUnavailable
from gateway.ledger import open_ledger
from gateway.ledger.files import bodies_path
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import GENESIS, Entry, Event, Kind, canonical_json
from tests.ledger.events import choice, tag

Work = Callable[[SqliteLedger], Awaitable[None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite"


def on(path: Path, work: Work, *, busy: float = 5) -> None:
    """Runs `work` on an open ledger and closes it."""

    async def whole() -> None:
        ledger = SqliteLedger(path, busy=busy)
        try:
            await ledger.open()
            await work(ledger)
        finally:
            await ledger.close()

    asyncio.run(whole())


def filled(path: Path, count: int = 3) -> tuple[int, bytes]:
    async def work(ledger: SqliteLedger) -> None:
        await asyncio.gather(*(ledger.append(choice(number)) for number in range(count)))

    on(path, work)
    return verify(path)


def verify(path: Path, anchor: bytes | None = None) -> tuple[int, bytes]:
    return asyncio.run(SqliteLedger(path).verify(anchor))


def edit(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def collected(ledger: SqliteLedger, after: int = 0) -> list[Entry]:
    return [entry async for entry in ledger.entries(after)]


def test_what_is_appended_is_read_back_after_a_restart(path: Path) -> None:
    async def write(ledger: SqliteLedger) -> None:
        assert await ledger.head() == (0, GENESIS)
        entry = await ledger.append(choice(5))
        assert await ledger.head() == (1, entry.head)

    async def read(ledger: SqliteLedger) -> None:
        (entry,) = await collected(ledger)
        assert (entry.seq, entry.kind, entry.body) == (1, Kind.GRANT, choice(5).body)
        assert (await ledger.append(Event(Kind.ANCHOR, 20_000, {}))).prev == entry.head
        assert [entry.seq for entry in await collected(ledger, after=1)] == [2]

    on(path, write)
    on(path, read)
    assert verify(path)[0] == 2


def test_concurrent_writers_get_numbers_without_gaps(path: Path) -> None:
    async def work(ledger: SqliteLedger) -> None:
        entries = await asyncio.gather(*(ledger.append(choice(number)) for number in range(600)))
        assert [entry.seq for entry in entries] == list(range(1, 601))

    on(path, work)
    assert verify(path)[0] == 600


def test_two_ledgers_on_one_file_share_one_chain(path: Path) -> None:
    async def work(ledger: SqliteLedger) -> None:
        other = SqliteLedger(path)
        await other.open()
        await asyncio.gather(*(one.append(choice()) for one in (ledger, other) * 50))
        await other.close()

    on(path, work, busy=5)
    assert verify(path)[0] == 100


def test_files_are_0600_in_a_folder_that_is_0700(path: Path) -> None:
    async def work(ledger: SqliteLedger) -> None:
        await ledger.append(choice())
        assert path.parent.stat().st_mode & 0o777 == 0o700
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert set(modes.values()) == {0o600}
        assert {"ledger.sqlite", "ledger-bodies.sqlite", "ledger.sqlite-wal"} <= modes.keys()

    on(path, work)


def test_bodies_salts_and_tags_are_not_in_the_chain_file(path: Path) -> None:
    filled(path, 1)
    mark = tag(0)
    with sqlite3.connect(path) as connection:
        (row,) = connection.execute("SELECT * FROM chain").fetchall()
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'body'").fetchall() == []
    connection.close()
    with sqlite3.connect(bodies_path(path)) as bodies:
        ((seq, kept, salt, body),) = bodies.execute("SELECT * FROM body").fetchall()
    bodies.close()
    assert (seq, kept, len(salt)) == (1, mark, 32)
    assert not {kept, salt, body} & set(row)


def test_a_refusal_leaves_neither_tag_nor_minute_in_any_file(path: Path) -> None:
    body = {key: value for key, value in choice().body.items() if key not in ("subject_tag", "minute")}

    async def work(ledger: SqliteLedger) -> None:
        await ledger.append(Event(Kind.REFUSE, 20_000, body))

    on(path, work)
    with sqlite3.connect(bodies_path(path)) as bodies:
        ((tag, text),) = bodies.execute("SELECT tag, body FROM body").fetchall()
    bodies.close()
    assert tag is None
    assert "minute" not in text
    assert "subject_tag" not in text


TAMPERING = {
    "number": ("chain", "UPDATE chain SET seq = 9 WHERE seq = 2", 2),
    "head": ("chain", "UPDATE chain SET head = zeroblob(32) WHERE seq = 2", 2),
    "first row deleted": ("chain", "DELETE FROM chain WHERE seq = 1", 1),
    "chain day": ("chain", "UPDATE chain SET day = '2020-01-01' WHERE seq = 2", 2),
    "chain kind": ("chain", "UPDATE chain SET kind = 'refuse' WHERE seq = 2", 2),
    "kind that does not exist": ("chain", "UPDATE chain SET kind = 'x' WHERE seq = 2", 2),
    "commitment": ("chain", "UPDATE chain SET commitment = zeroblob(32) WHERE seq = 2", 2),
    "previous head": ("chain", "UPDATE chain SET prev = zeroblob(32) WHERE seq = 2", 2),
    "row deleted": ("chain", "DELETE FROM chain WHERE seq = 2", 2),
    "body text": ("body", "UPDATE body SET body = replace(body, '\"en\"', '\"zh-Hant\"') WHERE seq = 2", 2),
    "body spaced": ("body", "UPDATE body SET body = replace(body, ':', ': ') WHERE seq = 2", 2),
    "body not JSON": ("body", "UPDATE body SET body = '{' WHERE seq = 2", 2),
    "body not an object": ("body", "UPDATE body SET body = '3' WHERE seq = 2", 2),
    "salt": ("body", "UPDATE body SET salt = zeroblob(32) WHERE seq = 2", 2),
    "body deleted": ("body", "DELETE FROM body WHERE seq = 2", 2),
    "bodies swapped": ("body", "UPDATE body SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq > 1", 2),
}


@pytest.mark.parametrize(("file", "statement", "seq"), TAMPERING.values(), ids=TAMPERING.keys())
def test_tampering_is_found_at_its_number(path: Path, file: str, statement: str, seq: int) -> None:
    filled(path)
    edit(path if file == "chain" else bodies_path(path), statement)
    edit(bodies_path(path), "UPDATE body SET seq = -seq WHERE seq < 0")
    with pytest.raises(ChainBroken) as caught:
        verify(path)
    assert caught.value.seq == seq


def changed(value: Any) -> Any:
    """Another value of the same kind that the schema allows, where there is one."""
    if isinstance(value, dict):
        return {key: 1 - number for key, number in value.items()}
    if isinstance(value, int):
        return 1 - value if value in (0, 1) else value + 1
    others = {"en": "zh-Hant", "wide": "narrow", "banner": "settings", "": "/000490"}
    text = str(value)
    return others.get(text) or text.translate(str.maketrans("0123456789", "1234567890"))


@pytest.mark.parametrize("field", sorted(choice().body))
def test_each_field_of_a_body_is_bound_to_the_chain(path: Path, field: str) -> None:
    filled(path)
    body: dict[str, Any] = {**choice(1).body, field: changed(choice(1).body[field])}
    assert body != choice(1).body
    with sqlite3.connect(bodies_path(path)) as connection:
        connection.execute("UPDATE body SET body = ? WHERE seq = 2", (canonical_json(body).decode(),))
    connection.close()
    with pytest.raises(ChainBroken, match="the body or its salt") as caught:
        verify(path)
    assert caught.value.seq == 2


@pytest.mark.parametrize("edited", ["salt = zeroblob(32)", "body = '{\"n\":9}'"])
def test_the_bodies_of_housekeeping_are_bound_too(path: Path, edited: str) -> None:
    async def work(ledger: SqliteLedger) -> None:
        await ledger.append(choice())
        await ledger.append(Event(Kind.ANCHOR, 20_000, {}))

    on(path, work)
    edit(path, f"UPDATE kept SET {edited}")
    with pytest.raises(ChainBroken) as caught:
        verify(path)
    assert caught.value.seq == 2
    edit(path, "DELETE FROM kept")
    with pytest.raises(ChainBroken, match="never goes"):
        verify(path)


def other(path: Path) -> Path:
    """Another record of as many entries, of the same events."""
    beside = path.parent.parent / "other" / path.name
    filled(beside)
    return beside


def test_the_bodies_of_another_record_do_not_fit(path: Path) -> None:
    filled(path)
    shutil.copy(bodies_path(other(path)), bodies_path(path))
    with pytest.raises(ChainBroken, match="entry 1: the body or its salt"):
        verify(path)


def test_the_chain_of_another_record_does_not_fit(path: Path) -> None:
    filled(path)
    shutil.copy(other(path), path)
    with pytest.raises(ChainBroken, match="entry 1: the body or its salt"):
        verify(path)


def test_a_chain_spliced_from_two_records_breaks_at_the_seam(path: Path) -> None:
    filled(path)
    edit(
        path,
        f"ATTACH '{other(path)}' AS other",
        "DELETE FROM chain WHERE seq > 1",
        "INSERT INTO chain SELECT * FROM other.chain WHERE seq > 1",
    )
    with pytest.raises(ChainBroken, match="entry 2: does not follow"):
        verify(path)


def test_a_record_replaced_as_a_whole_shows_only_against_an_anchor(path: Path) -> None:
    _, head = filled(path)
    forged = other(path)
    for file in (path, bodies_path(path)):
        shutil.copy(forged.with_name(file.name), file)
    assert verify(path)[0] == 3
    with pytest.raises(ChainBroken, match="anchored head"):
        verify(path, head)


def test_a_cut_tail_shows_only_against_an_anchor(path: Path) -> None:
    _, head = filled(path)
    assert verify(path, head) == (3, head)
    assert verify(path, GENESIS)[0] == 3
    edit(path, "DELETE FROM chain WHERE seq = 3")
    assert verify(path)[0] == 2
    with pytest.raises(ChainBroken, match="anchored head") as caught:
        verify(path, head)
    assert caught.value.seq == 3


def test_an_older_anchor_still_holds_after_more_entries(path: Path) -> None:
    _, head = filled(path)
    filled(path)
    assert verify(path, head)[0] == 6


def test_a_body_without_a_chain_row_is_gone_after_opening(path: Path) -> None:
    filled(path)
    edit(path, "DELETE FROM chain WHERE seq = 3")
    filled(path, 1)
    with sqlite3.connect(bodies_path(path)) as bodies:
        assert bodies.execute("SELECT count(*) FROM body").fetchone() == (3,)
    bodies.close()


def test_a_missing_chain_file_does_not_cost_the_bodies(path: Path) -> None:
    filled(path, 600)
    path.unlink()
    with pytest.raises(LedgerUnavailable, match="right chain file"):
        filled(path)
    with sqlite3.connect(bodies_path(path)) as bodies:
        assert bodies.execute("SELECT count(*) FROM body").fetchone() == (600,)
    bodies.close()


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    away = path.with_name("away")
    path.rename(away)
    yield
    away.rename(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.close()


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """No file of this process may grow, as on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.parametrize("trouble", [moved_away, locked, full_disk])
@pytest.mark.parametrize("which", [lambda path: path, bodies_path], ids=["chain", "bodies"])
def test_trouble_fails_the_events_and_ends_without_a_restart(
    path: Path, trouble: Callable[[Path], AbstractContextManager[None]], which: Callable[[Path], Path]
) -> None:
    async def work(ledger: SqliteLedger) -> None:
        await ledger.append(choice())
        with trouble(which(path)):
            for _ in range(2):
                with pytest.raises(LedgerUnavailable):
                    await ledger.append(choice())
        assert (await ledger.append(choice())).seq == 2

    on(path, work, busy=0.5)
    assert verify(path)[0] == 2


def test_a_record_that_disappears_is_not_begun_anew_in_silence(path: Path) -> None:
    async def work(ledger: SqliteLedger) -> None:
        await ledger.append(choice())
        for file in path.parent.iterdir():
            file.unlink()
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                await ledger.append(choice())

    on(path, work)
    assert not path.exists()


def test_a_ledger_that_cannot_be_opened_opens_with_a_later_event(path: Path) -> None:
    async def whole() -> None:
        path.parent.write_text("in the way")
        ledger = SqliteLedger(path)
        with pytest.raises(LedgerUnavailable, match=str(path)):
            await ledger.open()
        with pytest.raises(LedgerUnavailable):
            await ledger.append(choice())
        path.parent.unlink()
        assert (await ledger.append(choice())).seq == 1
        await ledger.close()
        await ledger.close()

    asyncio.run(whole())


def test_reading_creates_nothing(path: Path) -> None:
    ledger = SqliteLedger(path)
    with pytest.raises(LedgerUnavailable):
        asyncio.run(ledger.head())
    with pytest.raises(LedgerUnavailable):
        asyncio.run(ledger.verify())
    with pytest.raises(LedgerUnavailable):
        asyncio.run(ledger.archive(b"text"))
    assert not path.parent.exists()


def test_a_damaged_file_is_unavailable_not_a_crash(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(LedgerUnavailable):
        filled(path)


def test_a_chain_without_bodies_file_cannot_be_read(path: Path) -> None:
    filled(path)
    bodies_path(path).unlink()
    with pytest.raises(LedgerUnavailable):
        verify(path)


def test_what_is_remembered_first_stays(path: Path) -> None:
    async def work(ledger: SqliteLedger) -> None:
        assert await ledger.recall("notice/1") is None
        assert await ledger.remember("notice/1", "first") == "first"
        assert await ledger.remember("notice/1", "second") == "first"
        assert await ledger.recall("notice/1") == "first"

    on(path, work)


def test_texts_are_archived_once_by_their_hash(path: Path) -> None:
    text = "<h1>說明</h1>\r\n".encode()

    async def work(ledger: SqliteLedger) -> None:
        digest = await ledger.archive(text)
        assert digest == await ledger.archive(text) == hashlib.sha256(text).hexdigest()
        assert await ledger.text(digest) == text
        assert await ledger.text("0" * 64) is None

    on(path, work)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM text").fetchone() == (1,)
    connection.close()


def test_reading_goes_on_while_others_write(path: Path) -> None:
    async def work(ledger: SqliteLedger) -> None:
        await asyncio.gather(*(ledger.append(choice()) for _ in range(600)))
        reading = ledger.entries()
        assert (await anext(reading)).seq == 1
        await ledger.append(choice())
        assert len([entry async for entry in reading]) == 599

    on(path, work)


ROUNDS = int(os.environ.get("KILLS", "3"))


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_after_kill_9_everything_acknowledged_is_there(path: Path, round_: int) -> None:
    crowd = subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.crowd", str(path)], stdout=subprocess.PIPE, text=True
    )
    assert crowd.stdout is not None
    acknowledged = [crowd.stdout.readline() for _ in range(300 + 100 * round_)]
    crowd.send_signal(signal.SIGKILL)
    rest = crowd.stdout.read()
    crowd.stdout.close()
    assert crowd.wait() == -signal.SIGKILL
    lines = "".join([*acknowledged, rest]).splitlines()
    heads: dict[int, str] = {}

    async def work(ledger: SqliteLedger) -> None:
        heads.update({entry.seq: entry.head.hex() for entry in await collected(ledger)})
        await ledger.append(choice())

    on(path, work)
    assert len(lines) >= len(acknowledged)
    assert {line: heads.get(int(line.split()[0])) for line in lines} == {
        line: line.split()[1] for line in lines
    }
    assert verify(path)[0] == len(heads) + 1


@pytest.mark.parametrize("writers", [1, 16])
def test_four_processes_append_without_a_pause_and_none_is_refused(path: Path, writers: int) -> None:
    """The last one opens the record while the others write."""
    command = [sys.executable, "-m", "tests.ledger.several", str(path), "3", str(writers)]
    processes = []
    for pause in (0, 0, 0, 1):
        time.sleep(pause)
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    ended = [(*process.communicate(), process.returncode) for process in processes]
    assert [(err, code) for _, err, code in ended] == [("", 0)] * 4
    appended = [int(out) for out, _, _ in ended]
    assert min(appended) > 0
    assert verify(path)[0] == sum(appended)


def test_several_processes_may_open_a_new_ledger_at_once(path: Path) -> None:
    command = [sys.executable, "-m", "tests.ledger.crowd", str(path)]
    crowds = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    first = [crowd.stdout.readline() for crowd in crowds if crowd.stdout]
    for crowd in crowds:
        crowd.kill()
        crowd.communicate()
    assert all(first)
    filled(path, 1)


@pytest.mark.parametrize("url", ["", "sqlite:///", "sqlite://x", "mysql:///x", "/srv/ledger.sqlite"])
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///PATH"):
        open_ledger(url)


def test_a_url_with_four_slashes_is_an_absolute_path(path: Path) -> None:
    async def whole() -> None:
        ledger = open_ledger(f"sqlite:///{path}")
        await ledger.open()
        await ledger.close()

    asyncio.run(whole())
    assert path.exists()


def test_an_event_given_up_by_its_sender_does_not_stop_the_others(path: Path) -> None:
    async def work(ledger: SqliteLedger) -> None:
        given_up = asyncio.create_task(ledger.append(choice(1)))
        await asyncio.sleep(0)
        given_up.cancel()
        await ledger.append(choice(2))
        with suppress(asyncio.CancelledError):
            await given_up

    on(path, work)
