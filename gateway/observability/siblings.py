"""The processes that serve at one socket, and what all of them have counted together.

Each writes what it has counted into a file of its own, which stays when the process is gone; any of them adds them up.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

PAUSE: Final = 1.0
"""Seconds between two looks at what has been counted: so old are others' counts at most, and so much a kill loses."""


@dataclass(slots=True)
class Counted:
    """What was enforced, by kind of thing and outcome; events that were lost; events and counters that wait now;
    requests that were refused, by the reason."""

    enforced: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: int = 0
    waiting: int = 0
    unwritten: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Siblings:
    """`number` processes that keep their counts in `folder`; alone and without one they are this process's."""

    def __init__(self, number: int = 1, folder: Path | None = None) -> None:
        self.number = number
        self._folder = folder
        # Process ids come again.
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._published = ""
        self._task: asyncio.Task[None] | None = None
        self._own: Callable[[], Counted] = Counted

    def start(self, own: Callable[[], Counted]) -> None:
        """Begins to tell the others what this process has counted. To be called in a running event loop."""
        self._own = own
        if self._folder is not None:
            self._task = self._task or asyncio.create_task(self._run(), name="siblings")

    async def close(self) -> None:
        """Tells the last of it. May be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self._publish()

    def counted(self) -> Counted:
        """All that was counted since the parent's start; what waits, only of processes that are."""
        own = self._own()
        whole = Counted(Counter(own.enforced), own.lost, own.waiting, own.unwritten, Counter(own.refused))
        for pid, other in self._others():
            whole.enforced += Counter({(what, outcome): n for what, outcome, n in other["enforced"]})
            whole.lost += other["lost"]
            whole.refused += Counter(other["refused"])
            if _runs(pid):
                whole.waiting += other["waiting"]
                whole.unwritten += other["unwritten"]
        return whole

    async def _run(self) -> None:
        while True:
            self._publish()
            await asyncio.sleep(PAUSE)

    def _publish(self) -> None:
        own = self._own()
        enforced = [[what, outcome, n] for (what, outcome), n in sorted(own.enforced.items())]
        numbers = {"lost": own.lost, "waiting": own.waiting, "unwritten": own.unwritten}
        text = json.dumps({"enforced": enforced, **numbers, "refused": own.refused})
        if self._folder is None or text == self._published:
            return
        path = self._folder / self._name
        with suppress(OSError):  # the next time
            draft = path.with_suffix(".draft")
            draft.write_text(text, "utf-8")
            draft.replace(path)
            self._published = text

    def _others(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for path in sorted(self._folder.glob("*.json")) if self._folder is not None else ():
            if path.name != self._name:
                with suppress(OSError):
                    yield int(path.name.partition("-")[0]), json.loads(path.read_text("utf-8"))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
