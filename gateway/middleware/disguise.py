"""Trackers under the shop's own name: refused requests for them never reach the shop (R-46)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.model.catalogue import Catalogue
from gateway.model.categories import Fate
from gateway.model.decision import Decision
from gateway.types import ASGIApp, Receive, Scope, Send


class DisguiseMiddleware:
    """Answers with nothing where a path of the shop is a known tracker's and its category is not granted."""

    def __init__(self, app: ASGIApp, *, catalogue: Catalogue, count: Callable[[str, str, str], None]) -> None:
        self._app = app
        self._catalogue = catalogue
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            decision: Decision = scope["consent"]
            service = self._catalogue.for_path(scope["path"])
            if service is not None and decision.fate(service.category) is not Fate.KEEP:
                self._count("request", service.id, Fate.REMOVE)
                headers = [(b"cache-control", b"no-store")]
                await send({"type": "http.response.start", "status": 204, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        await self._app(scope, receive, send)
