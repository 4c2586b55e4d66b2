"""The second click on a button, sent before the first one's answer was there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Hashable
from typing import Any, Final

from gateway.types import Clock

LASTING: Final = 3.0
"""Seconds in which the same again is a second click. Later it is a choice made anew: a signal, another page or another
process may have ended the first one meanwhile, of which nobody has told."""
_MOST: Final = 1024


class Repeats:
    """Records what one visitor chose last, so that the same again is recorded no second time.

    It knows visitors by the id of the choice they hold already; who holds none cannot be told from others.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._latest: dict[str, tuple[Hashable, asyncio.Future[object], float]] = {}

    async def once(self, id: str, choice: Hashable, recording: Coroutine[Any, Any, object]) -> None:
        """Awaits `recording`, or the equal one of the same `id` before it. Raises what that raises."""
        known, running, since = self._latest.get(id, (None, None, 0.0))
        if running is None or known != choice or (running.done() and not 0 <= self._clock() - since < LASTING):
            running = asyncio.ensure_future(recording)
            self._note(id, choice, running)
        else:
            recording.close()
        try:
            await asyncio.shield(running)
        except Exception:
            if id in self._latest and self._latest[id][1] is running:
                del self._latest[id]
            raise

    def _note(self, id: str, choice: Hashable, running: asyncio.Future[object]) -> None:
        if id:
            self._latest.pop(id, None)
            self._latest[id] = (choice, running, self._clock())
            if len(self._latest) > _MOST:
                del self._latest[next(iter(self._latest))]
