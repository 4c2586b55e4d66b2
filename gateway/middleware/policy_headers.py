"""The headers of every answer, changed by the policy of the visitor it goes to."""

from __future__ import annotations

from collections.abc import Callable

from gateway.enforcement.policy_headers import HeaderPolicy, link
from gateway.enforcement.sniffing import HtmlClaim, claims_html
from gateway.types import ASGIApp, Message, Receive, Scope, Send


class PolicyHeadersMiddleware:
    """Applies `policy_for(scope)` to each http answer and to early hints; None leaves them as they are.

    It belongs outside HtmlMiddleware, which gives pages without a type the one they were taken for.
    """

    def __init__(self, app: ASGIApp, *, policy_for: Callable[[Scope], HeaderPolicy | None]) -> None:
        self._app = app
        self._policy_for = policy_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        policy = self._policy_for(scope) if scope["type"] == "http" else None
        if policy is None:
            await self._app(scope, receive, send)
            return

        async def judged(message: Message) -> None:
            if message["type"] == "http.response.start":
                page = claims_html(message["headers"]) is HtmlClaim.YES
                headers = policy.page(message["headers"]) if page else policy.any(message["headers"])
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.early_hint":
                links = (link(value, policy.judge, policy.lost) for value in message["links"])
                message = {**message, "links": [value for value in links if value]}
            await send(message)

        await self._app(scope, receive, judged)
