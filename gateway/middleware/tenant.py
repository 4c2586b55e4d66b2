"""A shop that shares its host: what lies outside its scope passes as if there were no gateway (R-175, R-176)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.enforcement.headers import get_all
from gateway.enforcement.site import normal_host
from gateway.model.tenant import Tenant
from gateway.types import ASGIApp, Receive, Scope, Send


class TenantMiddleware:
    """`app` for requests within `tenant`, `shop` for all others, which keep every byte in both directions.

    It stands before everything else; `resolve` gives the scope with the host that a trusted proxy names.
    """

    def __init__(
        self, app: ASGIApp, *, shop: ASGIApp, tenant: Tenant, resolve: Callable[[Scope], Scope] = lambda scope: scope
    ) -> None:
        self._app = app
        self._shop = shop
        self._tenant = tenant
        self._resolve = resolve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = self._host(scope) if self._tenant.host else ""
        inside = self._tenant.holds(scope["path"], host)
        await (self._app if inside else self._shop)(scope, receive, send)

    def _host(self, scope: Scope) -> str:
        headers = self._resolve(scope)["headers"]
        return normal_host(next(iter(get_all(headers, b"host")), b"").decode("latin-1"))
