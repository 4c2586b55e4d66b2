"""One writer: events that arrive together become one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from gateway.errors import LedgerBusy, LedgerUnavailable

MOST_IN_A_GROUP = 512
MOST_WAITING = 10_000

Given = TypeVar("Given")
Made = TypeVar("Made")


class GroupWriter(Generic[Given, Made]):
    """Hands events to `commit` in groups, in the order of their arrival, one group at a time.

    While one group is being committed the next one gathers, so groups grow with the load and a lone event
    never waits. `commit` returns the entries once they are durable; whatever it raises fails its group and
    no other.
    """

    def __init__(self, commit: Callable[[Sequence[Given]], Awaitable[Sequence[Made]]]) -> None:
        self._commit = commit
        self._queue: asyncio.Queue[tuple[Given, asyncio.Future[Made]] | None] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; does nothing if it runs already."""
        self._task = self._task or asyncio.create_task(self._run(), name="ledger-writer")

    async def append(self, event: Given) -> Made:
        """Raises LedgerUnavailable if the group failed or the writer does not run, LedgerBusy if too many wait."""
        if self._task is None:
            raise LedgerUnavailable("the ledger is not open")
        future: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((event, future))
        except asyncio.QueueFull:
            raise LedgerBusy(f"{MOST_WAITING} events are waiting already") from None
        return await future

    async def close(self) -> None:
        """Commits what was appended, then stops. May be called twice."""
        if self._task is not None:
            task, self._task = self._task, None
            await self._queue.put(None)
            await task

    async def _run(self) -> None:
        try:
            going = True
            while going:
                group, going = await self._gather()
                wanted = [(event, future) for event, future in group if not future.done()]
                if wanted:
                    await self._settle(wanted)
        finally:
            self._task = None
            self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if item is not None and not item[1].done():
                item[1].set_exception(LedgerUnavailable("the ledger was stopped"))

    async def _gather(self) -> tuple[list[tuple[Given, asyncio.Future[Made]]], bool]:
        group = []
        item = await self._queue.get()
        while item is not None:
            group.append(item)
            if self._queue.empty() or len(group) == MOST_IN_A_GROUP:
                return group, True
            item = self._queue.get_nowait()
        return group, False

    async def _settle(self, group: Sequence[tuple[Given, asyncio.Future[Made]]]) -> None:
        try:
            entries = await self._commit([event for event, _ in group])
        except BaseException as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(_unavailable(error))
            if not isinstance(error, Exception):
                raise
        else:
            for (_, future), entry in zip(group, entries, strict=True):
                if not future.done():
                    future.set_result(entry)


def _unavailable(error: BaseException) -> LedgerUnavailable:
    unavailable = LedgerUnavailable(str(error) or type(error).__name__)
    unavailable.__cause__ = error
    return unavailable
