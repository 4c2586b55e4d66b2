"""Reads the counters a report is made of, and nothing else (R-150)."""

from __future__ import annotations

from gateway.ledger.tallies import Tallies
from gateway.statistics.report import Report, needed, report, unknown
from gateway.types import Clock


class Figures:
    """The statistics of one record, as they may be told now."""

    def __init__(self, tallies: Tallies, clock: Clock) -> None:
        self._tallies = tallies
        self._clock = clock

    async def report(self, by: str = "", kind: str = "") -> Report:
        """See `gateway.statistics.report`. Raises ValueError for what cannot be asked, LedgerUnavailable."""
        schedule = await self._tallies.schedule()
        report({}, schedule, self._clock(), by=by, kind=kind)
        return report(await self._tallies.days(needed(by)), schedule, self._clock(), by=by, kind=kind)

    async def unknown(self) -> list[tuple[str, str, int]]:
        """Cookies and hosts that nobody knows: kind, masked name, times. Raises LedgerUnavailable."""
        return unknown(await self._tallies.days(["name"]), await self._tallies.schedule(), self._clock())
