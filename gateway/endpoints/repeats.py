"""The second click on a button, sent before the first one's answer was there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, Final

_MOST: Final = 1024


class Repeats:
    """Records what one visitor chose last, so that the same again is recorded no second time.

    It knows visitors by the id of the choice they hold already; who holds none cannot be told from others.
    """

    def __init__(self) -> None:
        self._latest: dict[str, tuple[Hashable, asyncio.Future[object]]] = {}

    async def once(self, id: str, choice: Hashable, recording: Coroutine[Any, Any, object]) -> None:
        """Awaits `recording`, or the equal one of the same `id` before it. Raises what that raises."""
        known, running = self._latest.get(id, (None, None))
        if running is None or known != choice:
            running = asyncio.ensure_future(recording)
            self._note(id, choice, running)
        else:
            recording.close()
        try:
            await asyncio.shield(running)
        except Exception:
            if self._latest.get(id, (None, None))[1] is running:
                del self._latest[id]
            raise

    def _note(self, id: str, choice: Hashable, running: asyncio.Future[object]) -> None:
        if id:
            self._latest.pop(id, None)
            self._latest[id] = (choice, running)
            if len(self._latest) > _MOST:
                del self._latest[next(iter(self._latest))]
