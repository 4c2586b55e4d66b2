"""What staff read: statistics, the dashboard, the metrics; each with its role, each reading recorded."""

from __future__ import annotations

from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from gateway.counting import Counting
from gateway.endpoints.roles import Guard
from gateway.endpoints.stats import stats_routes
from gateway.endpoints.throttle import Throttle
from gateway.ledger.base import Ledger
from gateway.ledger.figures import Figures
from gateway.types import Clock


class Staff:
    """The endpoints for staff of one gateway."""

    def __init__(self, settings: Settings, ledger: Ledger, counting: Counting, clock: Clock) -> None:
        self._prefix = settings.prefix
        self._figures = Figures(counting.tallies, clock)
        self._guard = Guard(Tokens(settings.folder), Throttle(clock, on=settings.limits), self._announce)

    def routes(self) -> list[Route]:
        """All of them."""
        return [*stats_routes(prefix=self._prefix, guard=self._guard, figures=self._figures)]

    async def _announce(self, role: str, what: str) -> None:
        """The entry in the record that `role` reads `what` (R-167)."""
