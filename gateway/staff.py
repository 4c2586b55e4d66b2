"""What staff read: statistics, the dashboard, the metrics; each with its role, each reading recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from gateway.counting import Counting
from gateway.endpoints.assets import Asset
from gateway.endpoints.dashboard import Dashboard, dashboard_routes
from gateway.endpoints.roles import Guard
from gateway.endpoints.staff_session import StaffSession
from gateway.endpoints.stats import stats_routes
from gateway.endpoints.throttle import Throttle
from gateway.ledger.base import Ledger
from gateway.ledger.figures import Figures
from gateway.ledger.health import health
from gateway.ledger.reading import announce
from gateway.registry import Registry
from gateway.types import Clock

SAMPLE = "sample"
"""What a record of made-up data remembers, so that its dashboard says so."""


class Staff:
    """The endpoints for staff of one gateway; `keys` are its signing keys."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        counting: Counting,
        registry: Registry,
        assets: Mapping[str, Asset],
        keys: Sequence[bytes],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._figures = Figures(counting.tallies, clock)
        tokens = Tokens(settings.folder)
        self._guard = Guard(tokens, Throttle(clock, on=settings.limits), self._announce)
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

    def routes(self) -> list[Route]:
        """All of them."""
        prefix = self._settings.prefix
        return [
            *stats_routes(prefix=prefix, guard=self._guard, figures=self._figures),
            *dashboard_routes(self._dashboard),
        ]

    async def _sample(self) -> bool:
        return await self._ledger.recall(SAMPLE) is not None

    async def _announce(self, role: str, what: str) -> None:
        """The entry in the record that `role` reads `what` (R-167)."""
        await announce(self._ledger, role, what, now=self._clock())
