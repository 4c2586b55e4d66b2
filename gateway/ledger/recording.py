"""Events on their way to the record, or to a journal while it is away: durable either way (R-126).

Whoever is told that an event was recorded can rely on it. While a journal waits, everything goes through it, so the
order of events stays that of their arrival; it is emptied into the record as soon as that takes it, each event once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

from gateway.errors import LedgerError, LedgerUnavailable
from gateway.ledger.base import Ledger
from gateway.ledger.journal import Journal, Waiting, adopt
from gateway.ledger.news import is_news, is_repeat, may_repeat
from gateway.ledger.writer import GroupWriter
from gateway.model.entry import SALT_SIZE, Entry, Event, Kind

log = logging.getLogger(__name__)

PATIENCE: Final = 5.0
"""Seconds an event may take before it goes to the journal."""
_PAUSE: Final = 1.0
_FIRST: Final = 10.0
"""Seconds a start may be kept by what an earlier process left."""
_AT_ONCE: Final = 512


class Recorder:
    """Appends to `ledger`, else to a file in `folder`. Only `start` to `close` is anything recorded."""

    def __init__(self, ledger: Ledger, folder: Path, *, patience: float = PATIENCE, pause: float = _PAUSE) -> None:
        self._ledger = ledger
        self._folder = folder
        self._patience = patience
        self._pause = pause
        self._known = 0
        self._writer: GroupWriter[Waiting, None] = GroupWriter(self._write)
        self._own = _Place()
        self._old: deque[_Place] = deque()
        self._arriving = 0
        self._file = asyncio.Lock()
        self._said = ""
        self._erasing: set[bytes] = set()
        self._away = False
        self._closing = asyncio.Event()
        self._drainer: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many events wait in a journal, or are on their way there."""
        return self._arriving + sum(place.lines for place in (self._own, *self._old))

    async def start(self) -> None:
        """Takes over what dead processes left, and has it recorded before it returns unless that takes long.

        To be called when the ledger was opened, successfully or not.
        """
        self._writer.start()
        self._closing.clear()
        with suppress(LedgerError):
            self._known, _ = await self._ledger.head()
        await self._adopt()
        if self._old:
            log.warning("events that were not recorded yet were found in the journal", extra={"count": self.waiting})
            await asyncio.wait({self._drain()}, timeout=_FIRST)

    async def append(self, event: Event) -> None:
        """Returns once `event` is durable, in the record or in the journal. Raises LedgerUnavailable.

        A choice that the record has as its subject's last, of the same day and revision, is not recorded again (R-123).
        """
        waiting = Waiting(replace(event, salt=secrets.token_bytes(SALT_SIZE)), self._known)
        if not self._away:
            try:
                if may_repeat(event) and await asyncio.wait_for(is_repeat(self._ledger, event), self._patience):
                    return
                entry = await asyncio.wait_for(self._ledger.append(waiting.what), self._patience)  # type: ignore[arg-type]
            except (LedgerUnavailable, TimeoutError) as error:
                self._lost(error)
            else:
                self._known = max(self._known, entry.seq)
                return
        await self._keep(waiting)

    async def erase(self, tag: bytes) -> bool:
        """Notes durably that a subject is to be erased: true if the record knows, false if the journal does.

        Raises LedgerUnavailable.
        """
        if not self._away:
            try:
                await asyncio.wait_for(self._ledger.erase(tag), self._patience)
            except (LedgerUnavailable, TimeoutError) as error:
                self._lost(error)
            else:
                return True
        await self._keep(Waiting(tag, self._known))
        self._erasing.add(tag)
        return False

    async def entries_of(self, tag: bytes) -> list[Entry]:
        """See `Ledger.entries_of`; what waits in the journal is not there yet. Raises LedgerError."""
        found = await self._ledger.entries_of(tag)
        return [] if tag in self._erasing else found

    async def is_able(self) -> bool:
        """Whether a choice would be durable now, in the record or in a journal; tries both, records nothing."""
        try:
            await self._ledger.head()
        except LedgerError:
            try:
                await asyncio.to_thread(lambda: Journal.new(self._folder).wipe())
            except OSError:
                return False
        return True

    async def close(self) -> int:
        """One last attempt at everything; the number of events that stay in a journal for the next start.

        May be called twice.
        """
        self._closing.set()
        await self._writer.close()
        if self._drainer is not None:
            await self._drainer
        left = self.waiting
        for place in (self._own, *self._old):
            if place.journal is not None:
                place.journal.close()
        self._own, self._old = _Place(), deque()
        return left

    def _lost(self, error: BaseException) -> None:
        if not self._away:
            self._away = True
            log.error("choices go to the journal until the record takes them: %s", error or type(error).__name__)

    async def _keep(self, waiting: Waiting) -> None:
        self._arriving += 1
        try:
            await self._writer.append(waiting)
        finally:
            self._arriving -= 1
            self._drain()

    async def _write(self, lines: Sequence[Waiting]) -> list[None]:
        async with self._file:
            place = self._own
            if place.journal is None:
                place.journal = await asyncio.to_thread(Journal.new, self._folder)
            await asyncio.to_thread(place.journal.write, lines)
            place.lines += len(lines)
        return [None] * len(lines)

    async def _adopt(self) -> None:
        journals: list[Journal] = []
        try:
            journals = await asyncio.to_thread(adopt, self._folder)
        except OSError as error:
            log.error("%s: the journals there cannot be looked for: %s", self._folder, error)
        for journal in journals:
            try:
                count, tags = await asyncio.to_thread(journal.repair)
            except OSError as error:
                log.error("%s: the journal cannot be read: %s", journal.path, error)
                journal.close()
            else:
                self._old.append(_Place(journal, count))
                self._erasing |= tags

    def _drain(self) -> asyncio.Task[None]:
        self._away = True
        if self._drainer is None or self._drainer.done():
            self._drainer = asyncio.create_task(self._run(), name="ledger-journal")
        return self._drainer

    async def _run(self) -> None:
        count = 0
        while self.waiting or self._old:
            try:
                count += await self._some()
            except (LedgerError, OSError, TimeoutError) as error:
                self._say(error)
                if self._closing.is_set():
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), self._pause)
            if not (self.waiting or self._old):
                await self._end()
        self._away = False
        if count:
            log.warning("the record has taken everything from the journal", extra={"count": count})

    async def _end(self) -> None:
        """Everything is recorded: the next event goes to the record again, unless one came meanwhile."""
        async with self._file:
            if self.waiting:
                return
            self._away, self._said = False, ""
            self._erasing.clear()
            own, self._own = self._own, _Place()
            if own.journal is not None:
                try:
                    await asyncio.to_thread(own.journal.wipe)
                except OSError as error:
                    log.error("a journal that is recorded cannot be removed, the next start will: %s", error)

    def _say(self, error: BaseException) -> None:
        if self._said != str(error):
            self._said = str(error)
            log.error("the journal cannot be emptied into the record yet: %s", error or type(error).__name__)

    async def _some(self) -> int:
        """A part of what waits longest; how many that were."""
        if self._old:
            place = self._old[0]
            done = await self._replay(place)
            if not done:
                self._old.popleft()
                if place.journal is not None:
                    await asyncio.to_thread(place.journal.wipe)
            return done
        if not self._own.lines:
            await asyncio.sleep(0.01)  # somebody is about to write
            return 0
        return await self._replay(self._own)

    async def _replay(self, place: _Place) -> int:
        """Records the next lines of one journal; how many that were."""
        async with self._file:
            found, offset = await place.read()
        for alone, group in groupby(found, _is_alone):
            if alone:
                for waiting in group:
                    await self._single(waiting)
            else:
                await self._together(list(group))
        place.offset = offset
        place.lines -= len(found)
        return len(found)

    async def _single(self, waiting: Waiting) -> None:
        if isinstance(waiting.what, bytes):
            await self._ledger.erase(waiting.what)
        elif waiting.what.kind is Kind.GPC:
            if await is_news(self._ledger, waiting.what):
                await self._together([waiting])
        elif not await is_repeat(self._ledger, waiting.what):
            await self._together([waiting])

    async def _together(self, group: Sequence[Waiting]) -> None:
        events = [waiting.what for waiting in group if isinstance(waiting.what, Event)]
        last = await self._ledger.replay(events, min(waiting.after for waiting in group))
        self._known = max(self._known, last)


@dataclass(slots=True)
class _Place:
    """How far a journal is emptied, and how many lines are left."""

    journal: Journal | None = None
    lines: int = 0
    offset: int = 0

    async def read(self) -> tuple[list[Waiting], int]:
        """The next lines, and how far they reach. While nothing else writes to the journal or reads it."""
        if self.journal is None:
            return [], 0
        found, offset = await asyncio.to_thread(self.journal.read, self.offset, _AT_ONCE)
        if not found and self.lines:
            log.error("%s: %d events can no longer be read", self.journal.path, self.lines)
            self.lines = 0
        return found, offset


def _is_alone(waiting: Waiting) -> bool:
    """Whether what was recorded before matters for it."""
    return isinstance(waiting.what, bytes) or waiting.what.kind is Kind.GPC or may_repeat(waiting.what)
