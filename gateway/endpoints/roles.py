"""Endpoints for staff: who may read them, and the entry in the record that they were read (R-165 to R-168)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.config.tokens import Role, Tokens
from gateway.endpoints.throttle import Throttle
from gateway.errors import LedgerError

Announce = Callable[[str, str], Awaitable[object]]
"""`announce(role, what)` returns once the record says that `role` reads `what`; raises LedgerError."""
Endpoint = Callable[[Request], Awaitable[Response]]

PRIVATE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


@dataclass(frozen=True)
class Denied(Exception):
    """The request is answered with `status`."""

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """As JSON."""
        return answer({"error": self.message}, self.status, self.headers)


class Guard:
    """Lets a request through that shows a token of the right role."""

    def __init__(self, tokens: Tokens, throttle: Throttle, announce: Announce) -> None:
        self.tokens = tokens
        self._throttle = throttle
        self.announce = announce

    def only(self, role: Role, what: str, endpoint: Endpoint) -> Endpoint:
        """`endpoint` for that role alone: 401 without a token, 403 with another role's; read only if recorded."""

        async def guarded(request: Request) -> Response:
            try:
                self.require(role, bearer(request), request)
                await self.record(role, what)
            except Denied as denied:
                return denied.response()
            return await endpoint(request)

        return guarded

    def require(self, role: Role, text: str | None, request: Request) -> str:
        """The id of the token `text`. Raises Denied."""
        address = request.client.host if request.client else ""
        pause = self._throttle.wait(address)
        if pause:
            raise Denied(429, "too many tokens that are none: wait", {"Retry-After": str(pause)})
        if not text:
            raise Denied(401, "a token is needed: Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})
        try:
            token = self.tokens.find(text)
        except (OSError, ValueError):
            raise Denied(503, "the tokens cannot be read") from None
        if token is None:
            self._throttle.failed(address)
            raise Denied(401, "the token is not valid", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if token.role != role:
            raise Denied(403, f"for the role {role}")
        return token.id

    async def record(self, role: Role, what: str) -> None:
        """The entry that `what` is read. Raises Denied if it cannot be made: then nothing is read."""
        try:
            await self.announce(role, what)
        except LedgerError:
            raise Denied(503, "the record cannot be written, so nothing can be read") from None


def bearer(request: Request) -> str | None:
    """The token of the `Authorization` header (RFC 6750, 2.1); a query never carries one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def answer(content: object, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    """JSON for staff: never kept."""
    return JSONResponse(content, status, headers={**PRIVATE, **(headers or {})})
