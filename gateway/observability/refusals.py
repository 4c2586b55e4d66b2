"""Answers of 503, by their reason: counted, and told in the log now and then."""

from __future__ import annotations

import logging
from collections import Counter
from enum import StrEnum
from typing import Final

from gateway.types import Clock

log = logging.getLogger(__name__)

PAUSE: Final = 60.0
"""Seconds between two lines about one reason, at least."""


class Reason(StrEnum):
    """Why a request was answered 503. A label of the metrics: a closed list."""

    SHOP = "shop busy"
    WEBSOCKETS = "websockets busy"
    QUEUE = "queue full"
    RECORD = "record unwritten"
    UNREAD = "record unread"


_SAID: Final = {
    Reason.SHOP: "answered 503: all connections to the shop are busy and too many requests wait for one",
    Reason.WEBSOCKETS: "answered 503: as many WebSockets as may be are open",
    Reason.QUEUE: "answered 503: a choice was not granted, too many wait for the disk",
    Reason.RECORD: "answered 503: a choice was not granted, neither the record nor the journal can be written",
    Reason.UNREAD: "answered 503: a visitor asked what is recorded, and the record cannot be read",
}


class Refusals:
    """Counts since the start of this process. A line in the log says how many there were since the last one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[Reason, tuple[float, int]] = {}
        self.counts: Counter[Reason] = Counter()

    def note(self, reason: Reason) -> None:
        """One more, also of requests that are not counted otherwise."""
        self.counts[reason] += 1
        now = self._clock()
        since, number = self._told.get(reason, (now - PAUSE, 0))
        if not 0 <= now - since < PAUSE:
            self._told[reason] = (now, self.counts[reason])
            log.error(_SAID[reason], extra={"count": self.counts[reason] - number})


def nobody(reason: Reason) -> None:
    """Listens to nothing."""
