"""One decision per request: into the scope, to the shop as X-Consent, and back as a renewed cookie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.cookieless import is_cookieless
from gateway.enforcement.headers import unshare
from gateway.model.choice import Choice
from gateway.model.decision import Decision, Rules, decide, usable
from gateway.model.signals import Signals
from gateway.types import ASGIApp, Clock, Message, RawHeaders, Receive, Scope, Send

_MOST_DECISIONS: Final = 4096
_STARTS: Final = frozenset({"http.response.start", "websocket.accept"})
_Key = tuple[tuple[bytes, ...], Signals, int]


class DecisionMiddleware:
    """Puts the visitor's frozen `Decision` into `scope["consent"]`.

    `on_withdrawn` hears of each request in which a signal withdrew grants, `on_lapsed` of each in which they had
    lapsed; neither must wait.
    With `report` request and answer stay as they are: no `X-Consent`, no cookie, no withdrawal.
    Decisions are kept by what they follow from: the cookie's bytes, the signals and the day.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        cookie: ConsentCookie,
        rules: Rules,
        clock: Clock,
        on_withdrawn: Callable[[Decision], None] = lambda decision: None,
        on_lapsed: Callable[[RawHeaders], None] = lambda headers: None,
        report: bool = False,
    ) -> None:
        self._app = app
        self._cookie = cookie
        self._rules = rules
        self._clock = clock
        self._on_withdrawn = on_withdrawn
        self._on_lapsed = on_lapsed
        self._report = report
        self._decisions: dict[_Key, Decision] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if not _is_spoof(name)]
        today = int(self._clock() // 86_400)
        decision = self._decide(headers, scope["scheme"], today)
        if self._report:
            await self._app({**scope, "consent": decision}, receive, send)
            return
        headers.append((b"x-consent", decision.header()))
        if decision.renewed is not None:
            if decision.withdrawn:
                self._on_withdrawn(decision)
            else:
                self._on_lapsed(headers)
            send = self._renewing(decision.renewed, scope["scheme"], today, send)
        await self._app({**scope, "headers": headers, "consent": decision}, receive, send)

    def _decide(self, headers: RawHeaders, scheme: str, today: int) -> Decision:
        copies = self._cookie.copies(headers, scheme)
        signals = Signals.from_headers(headers)
        key = (copies, signals, today)
        decision = self._decisions.get(key)
        if decision is None:
            choice = self._cookie.combine(copies, lambda copy: usable(copy, self._rules, today))
            decision = decide(choice, signals, self._rules, today)
            if len(self._decisions) >= _MOST_DECISIONS:
                self._decisions.clear()
            self._decisions[key] = decision
        if decision.ask and is_cookieless(headers):
            return replace(decision, ask=False, cookieless=True)
        return decision

    def _renewing(self, renewed: Choice, scheme: str, today: int, send: Send) -> Send:
        """`send` that sets the cookie too, unless the answer sets it already: the visitor's own act wins."""
        line = self._cookie.set_cookie(renewed, scheme, today)
        own = self._cookie.name(scheme).encode() + b"="

        async def send_renewed(message: Message) -> None:
            if message["type"] in _STARTS:
                headers = [(name, value) for name, value in message.get("headers", ())]
                if not any(name == b"set-cookie" and value.startswith(own) for name, value in headers):
                    message = {**message, "headers": [*unshare(headers), (b"set-cookie", line)]}
            await send(message)

        return send_renewed


def _is_spoof(name: bytes) -> bool:
    """`X-Consent` in any spelling that a server folds into the same variable (`X_Consent`)."""
    return len(name) == 9 and name.endswith(b"consent") and name.startswith(b"x")
