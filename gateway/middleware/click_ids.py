"""Click ids of visitors who did not agree to marketing end here: the shop never sees them (R-60)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.enforcement.click_ids import ClickIds
from gateway.enforcement.headers import get_all
from gateway.model.categories import State
from gateway.model.decision import Decision
from gateway.types import ASGIApp, RawHeaders, Receive, Scope, Send

_READING: Final = frozenset({"GET", "HEAD"})


class ClickIdMiddleware:
    """Cuts them from the query of GET and HEAD and from a `Referer` of the same host; nobody is redirected.

    The names found in the query go into `scope["click_ids"]`: the page's script takes them out of the
    address bar. `count` hears each name; with `report` nothing is changed but that.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        click_ids: ClickIds,
        count: Callable[[str], None] = lambda name: None,
        report: bool = False,
    ) -> None:
        self._app = app
        self._click_ids = click_ids
        self._count = count
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in _READING:
            decision: Decision = scope["consent"]
            if decision.marketing is not State.GRANTED:
                scope = self._cut(scope)
        await self._app(scope, receive, send)

    def _cut(self, scope: Scope) -> Scope:
        rest, names = self._click_ids.query(scope.get("query_string", b""))
        headers = self._refer(scope["headers"])
        if not names and headers is scope["headers"]:
            return scope
        for name in names:
            self._count(name)
        if self._report:
            return scope
        return {**scope, "query_string": rest, "headers": headers, "click_ids": tuple(dict.fromkeys(names))}

    def _refer(self, headers: RawHeaders) -> RawHeaders:
        """The headers with clean `Referer` lines; the same list if they were clean."""
        if not any(name == b"referer" and b"?" in value for name, value in headers):
            return headers
        host = next(iter(get_all(headers, b"host")), b"").decode("latin-1")
        changed = [
            (name, self._click_ids.referer(value, host).rest if name == b"referer" else value)
            for name, value in headers
        ]
        return headers if changed == headers else changed
