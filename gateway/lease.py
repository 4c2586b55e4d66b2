"""What one process of several does: whoever holds the lock of a file, until it closes it or is no more."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # Windows, where there is one process
    fcntl = None  # type: ignore[assignment]

LOOK: Final = 5.0
"""Seconds between two looks whether the lock is free."""
_BRIEFLY: Final = 0.01


class Lease:
    """The lock of the file at `path`. A folder that knows no locks, or cannot be written, keeps nobody out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    async def hold(self, look: float = LOOK) -> None:
        """Returns once this process holds it, at once if it does already."""
        while not self._take():  # noqa: ASYNC110 -- another process has it
            await asyncio.sleep(look)

    def release(self) -> None:
        """Lets another have it. May be called twice."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    @asynccontextmanager
    async def briefly(self) -> AsyncIterator[None]:
        """Within it no other process is. Not for two tasks of one process at once."""
        await self.hold(_BRIEFLY)
        try:
            yield
        finally:
            self.release()

    def _take(self) -> bool:
        if self._descriptor >= 0 or fcntl is None:
            return True
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            return True
        self._descriptor = descriptor
        return True
