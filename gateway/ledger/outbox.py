"""Events that must not keep a visitor waiting: recorded in order, again and again until they are.

In memory only, so for signals, which nobody waits for, and for what neither the record nor the journal took.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from gateway.errors import LedgerError

T = TypeVar("T")


class Outbox(Generic[T]):
    """Holds events for `append` until it takes them; between two attempts `pause` seconds.

    Only withdrawals, refusals, signals and erasures belong here: what they end has ended already. Beyond `limit`
    the oldest event is lost, and `lost` counts it.
    """

    def __init__(
        self, append: Callable[[T], Awaitable[object]], *, limit: int = 10_000, pause: float = 1.0
    ) -> None:
        self._append = append
        self._waiting: deque[T] = deque()
        self._limit = limit
        self._pause = pause
        self._closing = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self.lost = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def state(self) -> tuple[int, int]:
        """How many wait, and how many were lost."""
        return len(self._waiting), self.lost

    def put(self, event: T) -> None:
        """Takes `event` and returns at once. To be called in a running event loop."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(event)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())

    async def close(self) -> int:
        """One last attempt at everything; the number of events that could not be recorded."""
        self._closing.set()
        if self._sender is not None:
            await self._sender
        return len(self._waiting)

    async def _send(self) -> None:
        """An attempt is never cut short: it may be durable already, and would then be made twice."""
        while self._waiting:
            if await self._try():
                continue
            if self._closing.is_set():
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._pause)

    async def _try(self) -> bool:
        event = self._waiting[0]
        try:
            await self._append(event)
        except LedgerError:
            return False
        if self._waiting[0] is event:
            self._waiting.popleft()
        return True
