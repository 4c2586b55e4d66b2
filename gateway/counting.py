"""All that is counted, of decisions and of what is enforced: who hears of it, and what becomes of it (R-150, R-151)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from gateway.config.settings import Settings
from gateway.enforcement.headers import get_all
from gateway.ledger.tallies import Tallies
from gateway.model.categories import Fate
from gateway.model.decision import Decision, Rules
from gateway.model.entry import Event
from gateway.model.masking import masked as mask
from gateway.observability.batch import Batch, Raised
from gateway.observability.counters import Counters, Series, is_counting
from gateway.statistics.cell import Cell
from gateway.statistics.periods import counted_on
from gateway.statistics.tally import counted, shown
from gateway.statistics.visitor import Visitor
from gateway.types import Clock, RawHeaders

_COOKIES: Final = {"cut": "cookies_cut", "dropped": "set_cookie_dropped", "expired": "cookies_expired"}
_ELEMENTS: Final = {
    "script": "scripts",
    "inline script": "scripts",
    "long inline script": "scripts",
    "handler": "scripts",
    "frame": "frames",
    "object": "frames",
    "pixel": "pixels",
    "image": "pixels",
    "ping": "pixels",
    "hint": "hints",
    "header": "headers",
    "click id": "click_ids",
}
masked = lru_cache(maxsize=1024)(mask)
_TOLD_OTHERWISE: Final = frozenset({"page", "csp"})


class Counting:
    """Counts in memory for the metrics (`counters`) and, by UTC day, in the record's own table for the statistics."""

    def __init__(self, settings: Settings, rules: Rules, tallies: Tallies, clock: Clock) -> None:
        self.rules = rules
        self._period = settings.stats.period
        self._report = settings.mode == "report"
        self._clock = clock
        self.tallies = tallies
        self._settled = False
        self.batch = Batch(self._add, clock)
        self.counters = Counters(self._enforced)

    async def begin(self) -> None:
        """The configured base period holds, from its start. Raises LedgerError."""
        await self.tallies.settle(self._period, int(self._clock() // 86_400))
        self._settled = True

    def start(self) -> None:
        """Begins to write. To be called in a running event loop."""
        self.batch.start()

    async def close(self) -> None:
        """Writes the rest. May be called twice."""
        await self.batch.close()

    def choice(self, event: Event, headers: RawHeaders) -> Event:
        """The event with the counters it raises; of a declared bot's none."""
        if not is_counting():
            return event
        return replace(event, counters=counted(event, self.rules.offered, _visitor(headers)))

    def displayed(self, decision: Decision, headers: RawHeaders, locale: str) -> None:
        """A page asks; or would, but its visitor takes no cookies."""
        if self._report:
            return
        if decision.cookieless:
            self.batch.raise_([Cell("cookieless")])
        else:
            self.batch.raise_(shown(locale, _visitor(headers), self.rules.notice.rev))

    def lapsed(self, headers: RawHeaders) -> None:
        """A visitor's grants were found to have lapsed."""
        self.batch.raise_([Cell("expired")])

    def cookie(self, name: str) -> None:
        """A cookie nobody knows was seen."""
        self.counters.add("cookie", "unknown", "seen")
        self.batch.raise_([Cell("seen:cookie", "name", masked(name))])

    def host(self, host: str) -> None:
        """A page refers to a third party nobody knows."""
        self.counters.add("host", "unknown", "seen")
        self.batch.raise_([Cell("seen:host", "name", masked(host))])

    async def _add(self, raised: Sequence[Raised]) -> None:
        """The record may have been away at the start."""
        if not self._settled:
            await self.begin()
        today = int(self._clock() // 86_400)
        await self.tallies.add([(counted_on(day, today), cell, n) for day, cell, n in raised])

    def _enforced(self, series: Series, number: int) -> None:
        if cells := _cells(series):
            self.batch.raise_(cells, number)


@lru_cache(maxsize=1024)
def _cells(series: Series) -> tuple[Cell, ...]:
    kind = kind_of(series)
    return tuple(Cell(f"enforced:{kind}", "service", name) for name in series.service.split()) if kind else ()


def kind_of(series: Series) -> str:
    """What the statistics call it; "" for what is counted but nothing was done about."""
    if series.what in ("cookie", "host"):
        return _COOKIES.get(series.outcome, "")
    if series.outcome == Fate.KEEP or series.what in _TOLD_OTHERWISE:
        return ""
    return _ELEMENTS.get(series.what, "other")


def _visitor(headers: RawHeaders) -> Visitor:
    return Visitor.of(next(iter(get_all(headers, b"user-agent")), b""))
