"""What staff read: statistics, the dashboard, the metrics; each with its role, each reading recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from starlette.routing import Route

from gateway import __version__
from gateway.config.keys import PUSH_KEY_FILE, folder_key
from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from gateway.counting import Counting
from gateway.endpoints.assets import Asset
from gateway.endpoints.dashboard import Dashboard, dashboard_routes
from gateway.endpoints.metrics import metrics_routes
from gateway.endpoints.roles import Guard
from gateway.endpoints.staff_session import StaffSession
from gateway.endpoints.stats import stats_routes
from gateway.endpoints.throttle import Throttle
from gateway.errors import LedgerError
from gateway.lease import Lease
from gateway.ledger.base import Ledger
from gateway.ledger.figures import Figures
from gateway.ledger.health import health
from gateway.ledger.reading import announce
from gateway.ledger.tallies import Tallies
from gateway.observability.prometheus import Metric
from gateway.observability.refusals import Reason
from gateway.observability.siblings import Counted, Siblings
from gateway.proxy.forwarded import is_local
from gateway.push import Push
from gateway.registry import Registry
from gateway.types import Clock

SAMPLE = "sample"
"""What a record of made-up data remembers, so that its dashboard says so."""


class Staff:
    """The endpoints for staff of one gateway.

    `keys` are its signing keys; `outbox` tells how many events wait for the record, and how many were lost;
    `refused` is how many requests were answered 503.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        counting: Counting,
        registry: Registry,
        assets: Mapping[str, Asset],
        keys: Sequence[bytes],
        outbox: Callable[[], tuple[int, int]],
        refused: Mapping[Reason, int],
        clock: Clock,
        *,
        siblings: Siblings,
        lease: Lease,
    ) -> None:
        self._siblings = siblings
        self._lease = lease
        self._counting = counting
        self._outbox = outbox
        self._refused = refused
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._figures = Figures(counting.tallies, clock)
        self._push = self._make_push(counting.tallies)
        tokens = Tokens(settings.folder)
        self._guard = Guard(tokens, Throttle(clock, on=settings.limits, processes=siblings.number), self._announce)
        self._dashboard = Dashboard(
            settings.prefix,
            assets["st.css"].url(settings.prefix),
            settings.language,
            self._guard,
            StaffSession(keys, f"{settings.prefix}/dashboard", tokens, clock),
            self._figures,
            lambda: health(ledger, settings.folder),
            self._sample,
            {service.id: service.name for service in registry.catalogue.services},
        )

    def start(self) -> None:
        """Begins to send on what is told, if there is an address. To be called in a running event loop."""
        self._siblings.start(self._counted)
        if self._push is not None:
            self._push.start()

    async def close(self) -> None:
        """Ends that. May be called twice."""
        if self._push is not None:
            await self._push.close()
        await self._siblings.close()

    def routes(self) -> list[Route]:
        """All of them."""
        prefix = self._settings.prefix
        return [
            *stats_routes(prefix=prefix, guard=self._guard, figures=self._figures),
            *dashboard_routes(self._dashboard),
            *metrics_routes(prefix=prefix, guard=self._guard, gather=self._metrics, is_local=is_local),
        ]

    def _make_push(self, tallies: Tallies) -> Push | None:
        if not self._settings.stats.push:
            return None
        key = folder_key(self._settings.folder, PUSH_KEY_FILE).reveal()
        return Push(self._settings.stats.push, key, self._figures, tallies, lease=self._lease)

    async def _metrics(self) -> list[Metric]:
        counted = self._siblings.counted()
        waiting: list[tuple[dict[str, str], float]] = [({}, counted.waiting)]
        try:
            entries = (await self._ledger.head())[0]
        except LedgerError:
            entries = -1
        labelled = [({"what": what, "outcome": outcome}, n) for (what, outcome), n in sorted(counted.enforced.items())]
        refused = [({"reason": reason.value}, counted.refused[reason.value]) for reason in Reason]
        return [
            Metric("info", "gauge", "Always 1; the version.", [({"version": __version__}, 1)]),
            Metric("enforced_total", "counter", "What was seen and enforced since the start.", labelled),
            Metric("record_up", "gauge", "Whether the consent record can be read.", [({}, int(entries >= 0))]),
            Metric("record_entries", "gauge", "Entries of the consent record.", [({}, max(entries, 0))]),
            Metric("events_waiting", "gauge", "Choices that wait for the record.", waiting),
            Metric("events_lost_total", "counter", "Those that could not wait any longer.", [({}, counted.lost)]),
            Metric("refused_total", "counter", "Requests answered 503, by the reason.", refused),
            Metric("counters_waiting", "gauge", "Counters not written yet.", [({}, counted.unwritten)]),
        ]

    def _counted(self) -> Counted:
        """By this process."""
        enforced: Counter[tuple[str, str]] = Counter()
        for series, number in self._counting.counters.rows():
            enforced[series.what, series.outcome] += number
        waiting, lost = self._outbox()
        refused = Counter({reason.value: number for reason, number in self._refused.items()})
        return Counted(enforced, lost, waiting, len(self._counting.batch), refused)

    async def _sample(self) -> bool:
        return await self._ledger.recall(SAMPLE) is not None

    async def _announce(self, role: str, what: str) -> None:
        """The entry in the record that `role` reads `what` (R-167)."""
        await announce(self._ledger, role, what, now=self._clock())
