"""What the gateway did, counted: no visitor, no address, no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

MOST_SERIES = 10_000
"""Different things counted at most; a new one beyond that is counted as `unknown`."""


class Series(NamedTuple):
    """What was enforced: the kind of thing, whose it is, and what became of it."""

    what: str
    service: str
    outcome: str


_counting: ContextVar[bool] = ContextVar("counting", default=True)


@contextmanager
def uncounted() -> Iterator[None]:
    """Within it, in this task, nothing is counted: the request is a declared bot's (R-13)."""
    token = _counting.set(False)
    try:
        yield
    finally:
        _counting.reset(token)


def is_counting() -> bool:
    """Whether what happens now, in this task, is to be counted."""
    return _counting.get()


def _nobody(series: Series, number: int) -> None:
    """Listens to nothing."""


class Counters:
    """Counts since the start of this process; `listener` hears of everything that is counted."""

    def __init__(self, listener: Callable[[Series, int], None] = _nobody) -> None:
        self._counts: Counter[Series] = Counter()
        self._listener = listener

    def add(self, what: str, service: str, outcome: str, number: int = 1) -> None:
        """Count `number` more."""
        if not is_counting():
            return
        series = Series(what, service, outcome)
        if series not in self._counts and len(self._counts) >= MOST_SERIES:
            series = Series(what, "unknown", outcome)
        self._counts[series] += number
        self._listener(series, number)

    def rows(self) -> Iterable[tuple[Series, int]]:
        """Everything counted so far, in order."""
        return sorted(self._counts.items())
