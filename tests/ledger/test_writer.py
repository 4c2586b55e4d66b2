"""Grouping, tried with commits that are slow, refuse or are not there at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger import writer as module
from gateway.ledger.writer import MOST_IN_A_GROUP, GroupWriter
from gateway.model.entry import GENESIS, Entry, Event, Kind, seal

ANCHOR = Event(Kind.ANCHOR, 20_000, {})


class Notebook:
    """A commit that only remembers; `failure` is raised once."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.failure: BaseException | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def commit(self, events: Sequence[Event]) -> Sequence[Entry]:
        await self.open.wait()
        failure, self.failure = self.failure, None
        if failure:
            raise failure
        first = sum(self.groups) + 1
        self.groups.append(len(events))
        return [seal(event, seq=first + n, prev=GENESIS, salt=bytes(32)) for n, event in enumerate(events)]


def test_a_lone_event_does_not_wait_for_company() -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        writer.start()
        assert (await writer.append(ANCHOR)).seq == 1
        assert (await writer.append(ANCHOR)).seq == 2
        assert notebook.groups == [1, 1]
        await writer.close()

    asyncio.run(whole())


def test_events_that_arrive_together_are_one_group_up_to_its_limit() -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        entries = await asyncio.gather(*(writer.append(ANCHOR) for _ in range(MOST_IN_A_GROUP + 1)))
        assert [entry.seq for entry in entries] == list(range(1, MOST_IN_A_GROUP + 2))
        assert notebook.groups == [MOST_IN_A_GROUP, 1]
        await writer.close()

    asyncio.run(whole())


@pytest.mark.parametrize("failure", [OSError("disk"), KeyError(), LedgerUnavailable("away")], ids=repr)
def test_a_failure_fails_its_group_and_no_other(failure: Exception) -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        notebook.failure = failure
        results = await asyncio.gather(*(writer.append(ANCHOR) for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [LedgerUnavailable] * 3
        assert len({id(result) for result in results}) == 3
        assert (await writer.append(ANCHOR)).seq == 1
        await writer.close()

    asyncio.run(whole())


def test_closing_finishes_what_was_appended_and_takes_nothing_more() -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        waiting = [asyncio.create_task(writer.append(ANCHOR)) for _ in range(5)]
        await asyncio.sleep(0)
        await writer.close()
        await writer.close()
        assert [(await task).seq for task in waiting] == [1, 2, 3, 4, 5]
        with pytest.raises(LedgerUnavailable, match="not open"):
            await writer.append(ANCHOR)

    asyncio.run(whole())


def test_closing_while_a_group_gathers_does_not_lose_it() -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        notebook.open.clear()
        first = asyncio.create_task(writer.append(ANCHOR))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(writer.append(ANCHOR))
        closing = asyncio.create_task(writer.close())
        await asyncio.sleep(0.01)
        notebook.open.set()
        await closing
        assert [(await first).seq, (await second).seq] == [1, 2]

    asyncio.run(whole())


def test_an_event_given_up_before_its_turn_is_not_written() -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        notebook.open.clear()
        first, second = (asyncio.create_task(writer.append(ANCHOR)) for _ in range(2))
        await asyncio.sleep(0.01)
        third = asyncio.create_task(writer.append(ANCHOR))
        await asyncio.sleep(0.01)
        second.cancel()
        third.cancel()
        await asyncio.sleep(0.01)
        notebook.open.set()
        assert (await first).seq == 1
        await writer.close()
        assert notebook.groups == [2]

    asyncio.run(whole())


def test_a_failed_group_whose_sender_gave_up_hurts_nobody() -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        notebook.open.clear()
        notebook.failure = OSError("disk")
        first = asyncio.create_task(writer.append(ANCHOR))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        notebook.open.set()
        assert (await writer.append(ANCHOR)).seq == 1
        await writer.close()

    asyncio.run(whole())


def test_a_cancelled_writer_lets_nobody_wait_for_ever() -> None:
    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        notebook.open.clear()
        waiting = asyncio.create_task(writer.append(ANCHOR))
        await asyncio.sleep(0.01)
        later = asyncio.create_task(writer.append(ANCHOR))
        await asyncio.sleep(0.01)
        (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "ledger-writer")
        task.cancel()
        for one in (waiting, later):
            with pytest.raises(LedgerUnavailable):
                await asyncio.wait_for(one, 30)
        with pytest.raises(LedgerUnavailable, match="not open"):
            await writer.append(ANCHOR)
        await writer.close()

    asyncio.run(whole())


def test_too_many_waiting_events_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)

    async def whole() -> None:
        notebook = Notebook()
        writer = GroupWriter(notebook.commit)
        writer.start()
        results = await asyncio.gather(*(writer.append(ANCHOR) for _ in range(3)), return_exceptions=True)
        assert [isinstance(result, LedgerUnavailable) for result in results] == [False, False, True]
        await writer.close()

    asyncio.run(whole())
