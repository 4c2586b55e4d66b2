"""Too many choices from one place wait (R-108).

Who sends is not stored: an address is mixed with a number that nobody knows and that changes every ten minutes, and
leads to one of 4,096 counters. Places that share a counter share its limit.
"""

from __future__ import annotations

import math
import secrets
from array import array
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.types import ASGIApp, Clock, Receive, Scope, Send

AT_ONCE: Final = 120
"""Requests of one place that pass without a pause between them."""
A_SECOND: Final = 2
"""As many more every second."""
_COUNTERS: Final = 4096
_MIXED: Final = 600
"""Seconds after which addresses lead to other counters."""

ErrorPage = Callable[[Request, int, str], Response]


class Limits:
    """How many requests each place has left; every place begins anew when the mixing changes.

    Each of several `processes` knows only its own requests: it lets its part of them pass.
    """

    def __init__(self, clock: Clock, processes: int = 1) -> None:
        self._clock = clock
        self._at_once = float(max(1, AT_ONCE // processes))
        self._a_second = A_SECOND / processes
        self._key = b""
        self._mixed = -math.inf
        self._left = array("d")

    def wait(self, address: str) -> int:
        """Takes one request from what `address` has left: 0, or the seconds until there is one again."""
        now = self._clock()
        if not self._mixed <= now < self._mixed + _MIXED:
            self._key, self._mixed = secrets.token_bytes(16), now
            self._left = array("d", [self._at_once]) * _COUNTERS
        place = int.from_bytes(blake2b(address.encode(), digest_size=2, key=self._key).digest(), "big") % _COUNTERS
        # One clock for all counters: what is left is written as if none had been refilled since `_mixed`.
        refilled = (now - self._mixed) * self._a_second
        left = min(self._at_once, self._left[place] + refilled)
        if left < 1:
            return math.ceil((1 - left) / self._a_second)
        self._left[place] = left - 1 - refilled
        return 0


class Limited:
    """Answers posts of a place that has none left with 429; everything else goes to `app`."""

    def __init__(self, app: ASGIApp, clock: Clock, error_page: ErrorPage, processes: int = 1) -> None:
        self._app = app
        self._limits = Limits(clock, processes)
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pause = self._limits.wait(_place(scope)) if scope["type"] == "http" and scope["method"] == "POST" else 0
        await (self._refusal(Request(scope), pause) if pause else self._app)(scope, receive, send)

    def _refusal(self, request: Request, pause: int) -> Response:
        message = f"too many at once: try again in {pause} seconds"
        if request.headers.get("content-type", "").startswith("application/json"):
            response: Response = JSONResponse({"error": message}, 429)
        else:
            response = self._error_page(request, 429, message)
        response.headers["Retry-After"] = str(pause)
        response.headers["Cache-Control"] = "no-store"
        return response


def _place(scope: Scope) -> str:
    """What one household can change of its address (RFC 6177) does not count."""
    host: str = scope["client"][0] if scope.get("client") else ""
    return ":".join(host.split(":")[:4]) if ":" in host else host
