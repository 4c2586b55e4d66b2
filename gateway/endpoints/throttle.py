"""Who fails too often waits. Addresses are kept in memory only, and for minutes."""

from __future__ import annotations

from typing import Final

from gateway.types import Clock

FAILURES: Final = 5
"""Failures of one address that cost nothing."""
PAUSE: Final = 60
"""Seconds of the first pause; it doubles with each further failure, up to an hour."""
LONGEST: Final = 3600
_MOST: Final = 10_000


class Throttle:
    """Counts failures by address; with `on` false nobody waits. Each of several `processes` allows its part of them."""

    def __init__(self, clock: Clock, *, on: bool = True, processes: int = 1) -> None:
        self._clock = clock
        self._free = max(1, FAILURES // processes)
        self._on = on
        self._failures: dict[str, tuple[int, float]] = {}

    def wait(self, address: str) -> int:
        """Seconds until `address` may try again, 0 if it may now."""
        number, last = self._failures.get(address, (0, 0.0))
        if not self._on or number < self._free:
            return 0
        pause = min(LONGEST, PAUSE << min(number - self._free, 6))
        return max(0, int(last + pause - self._clock() + 0.999))

    def failed(self, address: str) -> None:
        """`address` has shown a token that is none."""
        number, last = self._failures.pop(address, (0, 0.0))
        if self._clock() - last > LONGEST:
            number = 0
        self._failures[address] = (number + 1, self._clock())
        if len(self._failures) > _MOST:
            del self._failures[next(iter(self._failures))]
