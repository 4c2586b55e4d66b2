"""Counters raised while pages pass, gathered in memory and handed on every few seconds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeAlias

from gateway.errors import LedgerError
from gateway.observability.counters import is_counting
from gateway.statistics.cell import Cell
from gateway.types import Clock

PAUSE = 5.0
"""Seconds between two batches: what a crash loses of displays and enforcement."""
MOST = 20_000
"""Different counters in one batch; beyond that new ones are lost."""

Raised: TypeAlias = tuple[int, tuple[str, str, str], int]
Add = Callable[[Sequence[Raised]], Awaitable[None]]


class Batch:
    """Gathers, and between `start` and `close` hands on to `add`; what that cannot take waits for the next time."""

    def __init__(self, add: Add, clock: Clock, *, pause: float = PAUSE) -> None:
        self._add = add
        self._clock = clock
        self._pause = pause
        self._waiting: Counter[tuple[int, Cell]] = Counter()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many different counters wait."""
        return len(self._waiting)

    def raise_(self, cells: Iterable[Cell], number: int = 1) -> None:
        """Counts, on today's UTC day, unless the request is one that is not counted."""
        if not is_counting():
            return
        today, waiting = int(self._clock() // 86_400), self._waiting
        for cell in cells:
            key = (today, cell)
            if key in waiting or len(waiting) < MOST:
                waiting[key] += number

    async def flush(self) -> None:
        """Hands on what was gathered. Raises LedgerError; nothing is lost then."""
        batch, self._waiting = self._waiting, Counter()
        if batch:
            try:
                await self._add([(day, cell, n) for (day, cell), n in batch.items()])
            except BaseException:
                self._waiting.update(batch)
                raise

    def start(self) -> None:
        """Begins; does nothing if it runs already. To be called in a running event loop."""
        self._closing.clear()
        self._task = self._task or asyncio.create_task(self._run(), name="statistics")

    async def close(self) -> None:
        """Hands on the rest, once. May be called twice."""
        self._closing.set()
        task, self._task = self._task, None
        if task is not None:
            await task

    async def _run(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._pause)
            with suppress(LedgerError):
                await self.flush()
