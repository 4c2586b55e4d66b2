"""Cookies of categories that are not granted: cut on the way down, dropped and expired on the way up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.enforcement.cookies import CookieFilter
from gateway.enforcement.headers import get_all, unshare
from gateway.enforcement.site import normal_host
from gateway.model.categories import State
from gateway.model.decision import Decision
from gateway.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

_STARTS: Final = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})
_NOTHING: Final = Decision(State.UNSET, State.UNSET, State.UNSET)


class CookieMiddleware:
    """Filters both directions by `scope["consent"]`; without it nothing optional passes.

    `count` hears ("cut" | "dropped" | "expired", cookie name) for the statistics.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        cookies: CookieFilter,
        count: Callable[[str, str], None] = lambda what, name: None,
    ) -> None:
        self._app = app
        self._cookies = cookies
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        decision = scope.get("consent", _NOTHING)
        headers, removed = self._cookies.request(scope["headers"], decision)
        expired = self._expire(removed, scope) if removed else []

        async def send_filtered(message: Message) -> None:
            if message["type"] in _STARTS:
                passed = self._respond(list(message.get("headers", ())), decision, scope["path"])
                message = {**message, "headers": [*unshare(passed), *expired] if expired else passed}
            await send(message)

        await self._app({**scope, "headers": headers}, receive, send_filtered)

    def _respond(self, headers: RawHeaders, decision: Decision, path: str) -> RawHeaders:
        passed, dropped = self._cookies.response(headers, decision, path)
        for name in dropped:
            self._count("dropped", name)
        return passed

    def _expire(self, names: list[str], scope: Scope) -> RawHeaders:
        for name in names:
            self._count("cut", name)
        host = normal_host(_host(scope["headers"]))
        lines = self._cookies.expiries(names, host, scope["scheme"])
        for name in dict.fromkeys(line.partition(b"=")[0].decode("latin-1") for line in lines):
            self._count("expired", name)
        return [(b"set-cookie", line) for line in lines]


def _host(headers: RawHeaders) -> str:
    return next(iter(get_all(headers, b"host")), b"").decode("latin-1")
