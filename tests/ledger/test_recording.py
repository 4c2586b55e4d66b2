"""Choices while the record is away: nothing acknowledged is lost, nothing is recorded twice, nothing is left behind."""

from __future__ import annotations

import asyncio
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.base import Ledger
from gateway.ledger.news import is_news
from gateway.ledger.postgresql.ledger import PostgresLedger
from gateway.ledger.recording import Recorder
from gateway.model.entry import Entry, Event, Kind
from gateway.statistics.cell import Cell
from tests.ledger.away import away
from tests.ledger.events import DAY, choice, refusal, tag, withdrawal
from tests.ledger.test_base import RULE, Record
from tests.postgres import Server

T = TypeVar("T")
Gone = Callable[[], AbstractContextManager[None]]
Work = Callable[[Recorder, Ledger], Awaitable[T]]


@pytest.fixture
def record(url: str, tmp_path: Path) -> Record:
    return Record(url, tmp_path / "data")


@pytest.fixture
def gone(url: str, request: pytest.FixtureRequest) -> Gone:
    return lambda: away(url, lambda: request.getfixturevalue("postgres"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "journal"


@pytest.fixture
def run(record: Record, folder: Path) -> Callable[[Work[T]], T]:
    """Runs `work` on a recorder that was started, and closes it."""

    def run(work: Work[T]) -> T:
        async def whole() -> T:
            ledger = open_ledger(record.url, lambda: DAY * 86_400.0, record.folder)
            recorder = Recorder(ledger, folder, pause=0.02)
            with suppress(LedgerUnavailable):
                await ledger.open()
            await recorder.start()
            try:
                return await work(recorder, ledger)
            finally:
                await recorder.close()
                await ledger.close()

        return asyncio.run(whole())

    return run


async def drained(recorder: Recorder) -> None:
    while recorder.waiting:  # noqa: ASYNC110 -- what is waited for is the disk and the database
        await asyncio.sleep(0.01)


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def tags(record: Record) -> Counter[str]:
    return Counter(str(entry.body.get("subject_tag")) for entry in record.entries() if entry.body)


def test_while_the_record_is_there_nothing_waits_and_there_is_no_file(
    record: Record, folder: Path, run: Callable[[Work[None]], None]
) -> None:
    async def work(recorder: Recorder, ledger: Ledger) -> None:
        await asyncio.gather(*(recorder.append(choice(number)) for number in range(50)))
        assert await recorder.erase(tag(1))
        assert recorder.waiting == 0

    run(work)
    assert not folder.exists()
    assert record.verify()[0] == 50


def test_what_comes_while_the_record_is_away_is_durable_and_recorded_later_in_its_order(
    record: Record, folder: Path, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    async def work(recorder: Recorder, ledger: Ledger) -> None:
        await recorder.append(choice(1))
        with gone():
            for event in (choice(2), withdrawal(1), refusal(), choice(1, kind=Kind.CHANGE)):
                await recorder.append(event)
            assert recorder.waiting == 4
            assert await recorder.is_able()
            (file,) = files(folder)
            assert file.read_bytes().count(b"\n") == 4
        await drained(recorder)
        await recorder.append(choice(3))

    run(work)
    kinds = ["grant", "grant", "withdraw", "refuse", "change", "grant"]
    assert [entry.kind.value for entry in record.entries()] == kinds
    assert record.verify()[0] == 6
    assert files(folder) == []


def test_counters_wait_with_their_events_and_are_raised_once(
    record: Record, gone: Gone, run: Callable[[Work[int]], int]
) -> None:
    event = replace(choice(1), counters=(Cell("accept_all"),))

    async def work(recorder: Recorder, ledger: Ledger) -> int:
        await recorder.append(event)
        with gone():
            await asyncio.gather(*(recorder.append(event) for _ in range(20)))
        await drained(recorder)
        return (await open_tallies(record.url).days([""]))[DAY][Cell("accept_all")]

    assert run(work) == 21


def test_an_event_that_was_recorded_after_all_is_not_recorded_again(
    record: Record, run: Callable[[Work[None]], None]
) -> None:
    """As when the connection broke after the commit, before its answer."""
    events = [replace(choice(number), salt=number.to_bytes(32, "big")) for number in range(1, 6)]

    async def work(recorder: Recorder, ledger: Ledger) -> None:
        first = await ledger.append(events[0])
        third = await ledger.append(events[2])
        assert await ledger.replay(events, 0) == 5
        assert await ledger.replay(events, first.seq - 1) == 5
        assert await ledger.replay(events[2:3], third.seq) == 6  # told to look behind it only

    run(work)
    kinds = [entry.body["subject_tag"] for entry in record.entries() if entry.body]
    assert kinds == [tag(number).hex() for number in (1, 3, 2, 4, 5, 3)]


def test_a_record_that_takes_too_long_is_not_waited_for(record: Record, folder: Path) -> None:
    async def whole() -> None:
        ledger = open_ledger(record.url, lambda: DAY * 86_400.0, record.folder)
        await ledger.open()
        recorder = Recorder(ledger, folder, patience=0.0, pause=0.01)
        await recorder.start()
        await asyncio.gather(*(recorder.append(choice(number)) for number in range(30)))
        await drained(recorder)
        assert await recorder.close() == 0
        await ledger.close()

    asyncio.run(whole())
    assert tags(record) == {tag(number).hex(): 1 for number in range(30)}
    record.verify()


def test_what_cannot_be_recorded_before_the_end_is_recorded_at_the_next_start(
    record: Record, folder: Path, gone: Gone, run: Callable[[Work[None]], None], caplog: pytest.LogCaptureFixture
) -> None:
    record.append(choice(1))

    async def fill(recorder: Recorder, ledger: Ledger) -> None:
        await asyncio.gather(*(recorder.append(choice(number)) for number in range(2, 1500)))
        assert await recorder.close() == 1498

    async def nothing(recorder: Recorder, ledger: Ledger) -> None:
        assert recorder.waiting == 0

    with gone():
        run(fill)
        assert len(files(folder)) == 1
    run(nothing)
    assert files(folder) == []
    assert tags(record) == {tag(number).hex(): 1 for number in range(1, 1500)}
    assert record.verify()[0] == 1499


KILLED = """
import asyncio, os, sys
from pathlib import Path
from gateway.errors import LedgerUnavailable
from gateway.ledger import open_ledger
from gateway.ledger.news import is_news
from gateway.ledger.postgresql.ledger import PostgresLedger
from gateway.ledger.recording import Recorder
from tests.ledger.events import choice

async def one(recorder, number):
    while True:
        await recorder.append(choice(number))
        os.write(1, f"{number}\\n".encode())
        number += 64

async def main():
    ledger = open_ledger(sys.argv[1], folder=Path(sys.argv[2]))
    recorder = Recorder(ledger, Path(sys.argv[2], "journal"), pause=0.05)
    try:
        await ledger.open()
    except LedgerUnavailable:
        pass
    await recorder.start()
    await asyncio.gather(*(one(recorder, number) for number in range(64)))

asyncio.run(main())
"""


@pytest.mark.parametrize("killed", ["while it is away", "while the journal is emptied"])
def test_after_kill_9_of_several_everything_acknowledged_is_recorded_once(
    record: Record, folder: Path, gone: Gone, run: Callable[[Work[None]], None], killed: str
) -> None:
    record.verify()
    command = [sys.executable, "-c", KILLED, record.url, str(folder.parent)]
    crowds = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) for _ in range(2)]
    told: list[str] = []

    def read(number: int) -> None:
        for crowd in crowds:
            assert crowd.stdout is not None
            told.extend(crowd.stdout.readline() for _ in range(number))

    def kill() -> None:
        for crowd in crowds:
            crowd.send_signal(signal.SIGKILL)
        for crowd in crowds:
            assert crowd.stdout is not None
            told.extend(crowd.stdout.read().splitlines(keepends=True))
            crowd.stdout.close()
            assert crowd.wait() == -signal.SIGKILL

    read(200)
    with gone():
        read(1500)
        if killed == "while it is away":
            kill()
    if killed != "while it is away":
        read(700)
        kill()

    async def nothing(recorder: Recorder, ledger: Ledger) -> None:
        await drained(recorder)

    run(nothing)
    acknowledged = Counter(tag(int(line)).hex() for line in told if line.endswith("\n"))
    recorded = tags(record)
    assert sum(acknowledged.values()) >= 3400
    assert acknowledged - recorded == Counter()
    # Each of two processes tells each number once.
    assert max(recorded.values()) <= 2
    assert (recorded - acknowledged).total() <= 128
    record.verify()
    assert files(folder) == []


def test_erasure_reaches_what_waits_in_the_journal(
    record: Record, folder: Path, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    record.append(choice(1), choice(2))

    async def work(recorder: Recorder, ledger: Ledger) -> None:
        with gone():
            await recorder.append(choice(1, kind=Kind.CHANGE))
            await recorder.append(withdrawal(1))
            assert not await recorder.erase(tag(1))
            await recorder.append(choice(3))
        await drained(recorder)
        assert await recorder.entries_of(tag(1)) == []
        assert (await ledger.purge(RULE)).erased == 3

    run(work)
    assert tag(1).hex() not in tags(record)
    assert [path.read_bytes() for path in folder.rglob("*") if path.is_file()] == []
    assert record.bodies() == [2, 5]
    record.verify()


def test_an_erasure_that_waits_hides_what_is_recorded_and_survives_the_process(
    record: Record, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    record.append(choice(1))

    async def ask(recorder: Recorder, ledger: Ledger) -> None:
        assert not await recorder.erase(tag(1))

    async def find(recorder: Recorder, ledger: Ledger) -> None:
        assert await recorder.entries_of(tag(1)) == []
        assert await ledger.withheld() == {1}

    with gone():
        run(ask)
    run(find)


def test_a_signal_that_waited_is_recorded_only_if_it_is_news(
    record: Record, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    signal_ = choice(1, kind=Kind.GPC, granted=False, surface="gpc")

    async def work(recorder: Recorder, ledger: Ledger) -> None:
        with gone():
            for event in (choice(1), signal_, signal_, choice(2)):
                await recorder.append(event)
        await drained(recorder)

    run(work)
    assert [entry.kind.value for entry in record.entries()] == ["grant", "gpc", "grant"]


AGAIN = choice(1, kind=Kind.CHANGE)
ACTS = [choice(1), AGAIN, AGAIN, choice(1, kind=Kind.CHANGE, granted=False), AGAIN]
ACTS += [withdrawal(1), withdrawal(1), withdrawal(2), withdrawal(1, day=DAY + 1), refusal(), refusal()]
ONCE = ["grant", "change", "change", "change", "withdraw", "withdraw", "withdraw", "refuse", "refuse"]


def test_a_choice_made_again_without_an_answer_is_recorded_once(
    record: Record, run: Callable[[Work[None]], None]
) -> None:
    for event in ACTS:
        run(lambda recorder, ledger, event=event: recorder.append(event))  # type: ignore[misc] # as at another gateway
    assert [entry.kind.value for entry in record.entries()] == ONCE


def test_choices_made_again_while_the_record_is_away_are_recorded_once(
    record: Record, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    async def work(recorder: Recorder, ledger: Ledger) -> None:
        with gone():
            for event in ACTS:
                await recorder.append(event)
        await drained(recorder)

    run(work)
    assert [entry.kind.value for entry in record.entries()] == ONCE


def test_where_neither_can_be_written_nothing_is_acknowledged_and_it_is_well_again_afterwards(
    record: Record, folder: Path, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def work(recorder: Recorder, ledger: Ledger) -> None:
        await recorder.append(choice(1))
        with gone():
            await recorder.append(choice(2))
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
            try:
                for _ in range(2):
                    with pytest.raises(LedgerUnavailable, match="too large"):
                        await recorder.append(choice(3))
                with pytest.raises(LedgerUnavailable):
                    await recorder.erase(tag(1))
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            await recorder.append(choice(4))
        await drained(recorder)
        await recorder.append(choice(5))

    run(work)
    assert tags(record) == {tag(number).hex(): 1 for number in (1, 2, 4, 5)}
    record.verify()


def test_without_a_place_for_the_journal_it_is_as_without_one(
    record: Record, folder: Path, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    folder.parent.mkdir()
    folder.write_text("in the way")

    async def work(recorder: Recorder, ledger: Ledger) -> None:
        assert await recorder.is_able()
        with gone():
            assert not await recorder.is_able()
            with pytest.raises(LedgerUnavailable):
                await recorder.append(choice(1))
        while True:
            try:
                return await recorder.append(choice(2))
            except LedgerUnavailable:
                await asyncio.sleep(0.01)

    run(work)
    assert record.verify()[0] == 1


def test_a_sender_who_gives_up_leaves_the_journal_whole(
    record: Record, gone: Gone, run: Callable[[Work[None]], None]
) -> None:
    async def work(recorder: Recorder, ledger: Ledger) -> None:
        with gone():
            await recorder.append(choice(0))
            for number in range(1, 40):
                task = asyncio.create_task(recorder.append(choice(number)))
                await asyncio.sleep(0.001 * (number % 5))
                task.cancel()
            await recorder.append(choice(99))
        await drained(recorder)
        await recorder.append(choice(100))

    run(work)
    recorded = tags(record)
    assert set(recorded.values()) == {1}
    assert {tag(number).hex() for number in (0, 99, 100)} <= recorded.keys()
    record.verify()


def test_only_what_was_started_and_not_closed_records(record: Record, folder: Path) -> None:
    async def whole() -> list[Entry | None]:
        ledger = open_ledger(record.url, lambda: DAY * 86_400.0, record.folder)
        recorder = Recorder(ledger, folder)
        for _ in range(2):
            with pytest.raises(LedgerUnavailable, match="not open"):
                await recorder.append(Event(Kind.ANCHOR, DAY, {}))
            assert await recorder.close() == 0
        await ledger.close()
        return []

    asyncio.run(whole())
    assert list(folder.parent.parent.iterdir()) == []


class Line:
    """A way to the server that can fall silent: it still carries what is sent, but no answer comes back."""

    def __init__(self, server: Server) -> None:
        self._place = str(server.folder / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.silent_after = b"\0never"
        self.silent = False
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._carry, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket) -> None:
        # Either side may be gone by the time there is something for it.
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._place)
            while True:
                for one in select.select([client, server], [], [])[0]:
                    try:
                        piece = one.recv(65_536)
                    except OSError:
                        piece = b""
                    if not piece:
                        return
                    if one is client:
                        self.silent = self.silent or self.silent_after in piece
                        server.sendall(piece)
                    elif not self.silent:
                        client.sendall(piece)


SILENT = {"committed": b"COMMIT\0", "halfway": b"INSERT INTO chain", "not begun": b"BEGIN"}


@pytest.mark.parametrize("after", SILENT.values(), ids=SILENT.keys())
def test_a_line_that_falls_silent_costs_nothing_and_doubles_nothing(
    postgres: Server, tmp_path: Path, after: bytes
) -> None:
    """Whether the database has heard it, nobody can tell then; the journal asks."""
    record = Record(postgres.new(), tmp_path / "data")
    record.verify()

    async def whole() -> None:
        schema = record.url.partition("&")[2]
        url = f"postgresql://postgres@127.0.0.1:{line.port}/postgres?sslmode=disable&{schema}"
        ledger = PostgresLedger(url, record.folder, patience=2.0, clock=lambda: DAY * 86_400.0)
        recorder = Recorder(ledger, tmp_path / "journal", pause=0.05)
        await ledger.open()
        await recorder.start()
        await recorder.append(choice(1))
        line.silent_after = after
        await asyncio.gather(*(recorder.append(choice(number)) for number in range(2, 30)))
        await recorder.append(choice(30))
        assert line.silent
        assert recorder.waiting == 29
        await asyncio.sleep(3)
        line.silent_after, line.silent = b"\0never", False
        await drained(recorder)
        await recorder.append(choice(31))
        await recorder.close()
        await ledger.close()

    line = Line(postgres)
    asyncio.run(whole())
    line.close()
    assert tags(record) == {tag(number).hex(): 1 for number in range(1, 32)}
    record.verify()


@pytest.mark.parametrize("last", [Kind.GPC, Kind.CHANGE])
def test_a_choice_that_a_journal_told_late_is_not_taken_for_the_current_one(
    record: Record, gone: Gone, run: Callable[[Work[None]], None], tmp_path: Path, last: Kind
) -> None:
    """One gateway ends while the record is away, another takes the next choice, then the first starts again."""
    record.append(choice(1))
    early, later = choice(1, kind=Kind.CHANGE, granted=False, minute=1), choice(1, kind=Kind.CHANGE, minute=2)
    final = choice(1, kind=last, granted=False, minute=3)

    async def begin(recorder: Recorder, ledger: Ledger) -> None:
        await recorder.append(early)
        assert await recorder.close() == 1

    async def go_on(recorder: Recorder, ledger: Ledger) -> None:
        assert [entry.body for entry in await recorder.entries_of(tag(1))] == [choice(1).body, early.body, later.body]
        if last is not Kind.GPC or await is_news(ledger, final):
            await recorder.append(final)

    with gone():
        run(begin)
    record.append(later)
    run(go_on)
    made = [choice(1).body, later.body, early.body, final.body]
    assert [entry.body for entry in record.entries()] == made
    assert record.verify()[0] == 4


@pytest.mark.parametrize("kind", [Kind.GPC, Kind.CHANGE, Kind.WITHDRAW])
def test_what_a_journal_tells_late_is_no_second_entry_if_it_was_made_again_elsewhere(
    record: Record, gone: Gone, run: Callable[[Work[None]], None], kind: Kind
) -> None:
    record.append(choice(1))
    again = [choice(1, kind=kind, granted=False, minute=minute) for minute in (1, 2)]

    async def begin(recorder: Recorder, ledger: Ledger) -> None:
        await recorder.append(again[0])

    async def nothing(recorder: Recorder, ledger: Ledger) -> None:
        await drained(recorder)

    with gone():
        run(begin)
    record.append(again[1], choice(1, kind=Kind.CHANGE, minute=3))
    run(nothing)
    assert [entry.kind.value for entry in record.entries()] == ["grant", kind.value, "change"]
