"""The `Set-Cookie` lines of an answer after which another choice holds."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.cookies import CookieFilter
from gateway.enforcement.site import normal_host
from gateway.model.choice import Choice
from gateway.model.decision import Rules, decide
from gateway.model.signals import Signals


@dataclass(frozen=True, slots=True)
class ChoiceCookies:
    """Stores a choice in the browser, and takes away what it does not allow."""

    cookie: ConsentCookie
    cookies: CookieFilter
    rules: Rules

    def stored(self, response: Response, request: Request, choice: Choice, today: int) -> Response:
        """`response` with the choice cookie, and without every optional cookie the request came with (R-145)."""
        scheme, headers = request.scope["scheme"], request.scope["headers"]
        decision = decide(choice, Signals.from_headers(headers), self.rules, today)
        _, names = self.cookies.request(headers, decision)
        lines = self.cookies.expiries(names, normal_host(request.headers.get("host", "")), scheme)
        if not choice.empty:
            lines = [self.cookie.set_cookie(choice, scheme, today), *lines]
        response.raw_headers.extend((b"set-cookie", line) for line in lines)
        return response
