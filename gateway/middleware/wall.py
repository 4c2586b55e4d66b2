"""The second wall on its way: our own policy on every answer that a browser may run something from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gateway.enforcement.headers import add_vary, drop, get_all
from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.sniffing import HtmlClaim, claims_html
from gateway.enforcement.wall import Wall
from gateway.model.categories import State
from gateway.model.decision import Decision
from gateway.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

_NOTHING: Final = Decision(State.UNSET, State.UNSET, State.UNSET)
_DOCUMENT: Final = re.compile(
    rb"\s*(?:(?:text|application)/(?:x-)?(?:java|ecma|live|j)script[\d.]*|(?:text|application)/xml|[^\s;,]+\+xml)"
    rb"\s*(?:[;,]|$)",
    re.I,
)
"""Scripts, whose answer carries the policy of the worker made of them, and XML with SVG, which are documents."""
_WORKERS: Final = frozenset((b"worker", b"sharedworker", b"serviceworker"))


class WallMiddleware:
    """Adds the headers of `wall` to pages, XML and scripts, but on paths for which `untouched` is true.

    `policy_for(scope, decision)` gives the rules of the asked host. A page gets the visitor's own policy. What
    caches may share gets the one of a visitor who has agreed to nothing; a script fetched for a worker gets the
    visitor's own and is not stored. It belongs outside of what removes reporting headers.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        wall: Wall,
        policy_for: Callable[[Scope, Decision], PagePolicy],
        untouched: Callable[[str], bool] = lambda path: False,
    ) -> None:
        self._app = app
        self._wall = wall
        self._policy_for = policy_for
        self._untouched = untouched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope; only http is looked at."""
        if scope["type"] != "http" or self._untouched(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def walled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._respond(scope, message.get("headers", []))}
            await send(message)

        await self._app(scope, receive, walled)

    def _respond(self, scope: Scope, headers: RawHeaders) -> RawHeaders:
        decision: Decision = scope["consent"]
        if claims_html(headers) is HtmlClaim.YES:
            return [*headers, *self._headers(scope, decision)]
        if not any(_DOCUMENT.match(value) for value in get_all(headers, b"content-type")):
            return headers
        if any(value.strip() in _WORKERS for value in get_all(scope["headers"], b"sec-fetch-dest")):
            lines = [*drop(headers, b"cache-control"), (b"cache-control", b"private, no-store")]
            return [*add_vary(lines, b"Sec-Fetch-Dest"), *self._headers(scope, decision)]
        return [*headers, *self._headers(scope, _NOTHING)]

    def _headers(self, scope: Scope, decision: Decision) -> RawHeaders:
        return self._wall.headers(self._policy_for(scope, decision))
