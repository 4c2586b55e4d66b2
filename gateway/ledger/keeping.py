"""What the record needs done without being asked: at every start, and every day."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from gateway.errors import ChainBroken, ConfigError, GatewayError, Problem
from gateway.lease import Lease
from gateway.ledger.base import Ledger, Purged
from gateway.ledger.notices import NoticeArchive
from gateway.model.entry import Event, Kind, iso_day
from gateway.model.hold import Hold
from gateway.model.retention import Retention
from gateway.types import Clock

log = logging.getLogger(__name__)

DAILY = 23 * 3600.0
"""Seconds between two rounds, less an hour at most: a visitor is told that erasure takes at most a day (R-135)."""
RETRY = 60.0
GRACE = 5.0

Sleep = Callable[[float], Awaitable[object]]


class Keeper:
    """Looks after `ledger`: `begin` at the start, then `start` and `close` around the daily rounds.

    `notices` and `texts`, the interfaces, are what visitors are shown, `tag_check` tells the key of subject tags,
    `config` holds the hashes of a `config` event. With a `hold` in force nothing is deleted. Of several processes that
    who has the `lease` makes the rounds.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock,
        notices: NoticeArchive | None = None,
        texts: Sequence[bytes] = (),
        tag_check: str,
        config: Mapping[str, str],
        retention: Retention,
        hold: Hold | None = None,
        sleep: Sleep = asyncio.sleep,
        grace: float = GRACE,
        lease: Lease | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._notices = notices
        self._texts = texts
        self._tag_check = tag_check
        self._config = config
        self._retention = retention
        self._hold = hold
        self._sleep = sleep
        self._lease = lease
        self._grace = grace
        self._closing = False
        self._resting = False
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Archives what visitors are shown; notes a configuration other than the last one noted (R-121).

        Raises ConfigError if the record was begun with another key of subject tags: nobody's entries would be
        found again then, neither to show nor to erase them.
        """
        if await self._ledger.remember("tag_check", self._tag_check) != self._tag_check:
            expected = "the key this record was begun with; without it, begin a new record elsewhere"
            raise ConfigError([Problem("tag.key or CONSENT_GATEWAY_TAG_KEY", "another key", expected)])
        if self._notices is not None:
            await self._notices.keep()
        for text in self._texts:
            await self._ledger.archive(text)
        last = await self._ledger.last(Kind.CONFIG)
        if last is None or last.body != self._config:
            await self._ledger.append(Event(Kind.CONFIG, self._today(), self._config))

    async def once(self) -> Purged:
        """One day's round: an anchor if the day has none, the deletions that are due unless they are held."""
        await self.begin()
        await self._anchor()
        if self._hold is not None and self._hold.in_force(self._today()):
            return Purged()
        purged = await self._ledger.purge(self._retention)
        if purged != Purged():
            log.info("bodies deleted from the record", extra={"count": purged.erased + purged.expired})
        return purged

    def start(self) -> None:
        """Begins the rounds, the first one at once. To be called in a running event loop."""
        self._closing = False
        self._task = self._task or asyncio.create_task(self._run(), name="ledger-keeper")

    async def close(self) -> None:
        """Ends the rounds; one that is under way has GRACE seconds, then it is left to the next start.

        May be called twice.
        """
        self._closing = True
        task, self._task = self._task, None
        if task is not None:
            if not self._resting:
                await asyncio.wait({task}, timeout=self._grace)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        if self._lease is not None:
            self._resting = True
            await self._lease.hold()
            self._resting = False
        while not self._closing:
            pause = await self._round()
            if not self._closing:
                self._resting = True
                await self._sleep(pause)
                self._resting = False

    async def _round(self) -> float:
        """Seconds until the next one. The jitter keeps several gateways on one database apart."""
        try:
            await self.once()
        except ChainBroken as error:
            log.error("the record is damaged, nothing was deleted: %s", error)
        except GatewayError as error:
            log.error("the record's daily round failed and is tried again: %s", error)
            return RETRY
        return DAILY - random.uniform(0, 3600)  # noqa: S311

    async def _anchor(self) -> None:
        """The day's `anchor`; its head goes to the log, so that a cut end of the record shows (R-124)."""
        today = self._today()
        last = await self._ledger.last(Kind.ANCHOR)
        if last is None or last.day != iso_day(today):
            entry = await self._ledger.append(Event(Kind.ANCHOR, today, {}))
            log.info("the record's head, to be kept elsewhere", extra={"seq": entry.seq, "head": entry.head.hex()})

    def _today(self) -> int:
        return int(self._clock() // 86_400)
