"""Which withdrawals by a signal have been told: a page and its images arrive together, all with the old cookie."""

from __future__ import annotations

import math
from typing import Final

from gateway.model.choice import Choice

_MOST: Final = 4096


class Withdrawals:
    """Remembers of each id the choice that a signal has cut, for `lasting` seconds; the oldest are forgotten first."""

    def __init__(self, lasting: float = math.inf) -> None:
        self._lasting = lasting
        self._cut: dict[str, tuple[Choice, float]] = {}

    def __len__(self) -> int:
        return len(self._cut)

    def first(self, choice: Choice, now: float = 0.0) -> bool:
        """Whether it is news, at `now` in seconds, that a signal withdraws grants from the stored `choice`."""
        known, since = self._cut.get(choice.id, (None, now))
        if known == choice and 0 <= now - since < self._lasting:
            return False
        self._cut.pop(choice.id, None)
        self._cut[choice.id] = (choice, now)
        if len(self._cut) > _MOST:
            del self._cut[next(iter(self._cut))]
        return True

    def granted(self, id: str) -> None:
        """The visitor has granted anew; on the same day that is the same choice, which a signal can cut again."""
        self._cut.pop(id, None)
