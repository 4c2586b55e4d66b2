"""Report mode: nothing is changed, and everything that enforcing would change is counted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from gateway.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

MOST_BYTES: Final = 4 << 20
"""Bytes of one answer that are looked at."""
_UNFOLDED: Final = 4
"""So many times as much may come of them when they are decoded and rewritten."""
_SLOT: Final = "consent.report"


class ReportMiddleware:
    """Passes every message as it is, and a copy of it through the enforcing stack, whose output goes nowhere.

    `enforced` wraps an application in all that counts. What fails there is logged and counted as
    `report-failed`, what is too long as `report-cut-short`; the answer does not notice.
    The browser is served before the copy.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        enforced: Callable[[ASGIApp], ASGIApp],
        count: Callable[[str], None] = lambda what: None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._app = app
        self._enforced = enforced(_hand_over)
        self._count = count
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        copy = _Copy(self._count, self._most_bytes)
        await copy.begin(self._enforced, scope)

        async def send_both(message: Message) -> None:
            await send(message)
            await copy.take(message)

        await self._app(scope, receive, send_both)


class _Enough(Exception):
    """More has come of an answer than is looked at."""


class _Copy:
    """One answer on its way through the enforcing stack."""

    def __init__(self, count: Callable[[str], None], most_bytes: int) -> None:
        self._count = count
        self._take: Send | None = None
        self._left = most_bytes
        self._output = _UNFOLDED * most_bytes

    async def begin(self, enforced: ASGIApp, scope: Scope) -> None:
        """Let the stack see the request; it leaves where its answer would go, or has answered it itself."""
        slot: list[Send] = []
        await self._guarded(enforced, {**scope, _SLOT: slot}, _nothing, self._drop)
        self._take = slot[0] if slot else None

    async def take(self, message: Message) -> None:
        """The next message of the answer; the last one, cut short, once enough was seen."""
        if self._take is None:
            return
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            if len(body) > self._left:
                message = {**message, "body": body[: self._left], "more_body": False}
                self._count("report-cut-short")
            self._left -= len(body)
        take, more = self._take, message.get("more_body", True)
        if not await self._guarded(take, message) or not more:
            self._take = None

    async def _drop(self, message: Message) -> None:
        self._output -= len(message.get("body", b""))
        if self._output < 0:
            raise _Enough

    async def _guarded(self, step: Callable[..., Any], *arguments: object) -> bool:
        try:
            await step(*arguments)
        except _Enough:
            self._count("report-cut-short")
            return False
        except Exception:
            log.exception("an answer could not be looked at; it was passed as it is")
            self._count("report-failed")
            return False
        return True


async def _hand_over(scope: Scope, receive: Receive, send: Send) -> None:
    """The innermost application: leaves its `send`, which the copied messages are put into."""
    scope[_SLOT].append(send)


async def _nothing() -> Message:
    """A request's body is not looked at."""
    return {"type": "http.disconnect"}
