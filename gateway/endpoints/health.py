"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_HEADERS = {"Cache-Control": "no-store"}


def health_routes(*, prefix: str, ready: Callable[[], Awaitable[bool]]) -> list[Route]:
    """`GET health/live` is 200 while the process answers, `health/ready` 200 or 503 as `ready` says."""

    async def live(request: Request) -> Response:
        return PlainTextResponse("live\n", headers=_HEADERS)

    async def is_ready(request: Request) -> Response:
        if await ready():
            return PlainTextResponse("ready\n", headers=_HEADERS)
        return PlainTextResponse("the consent record cannot be written\n", 503, headers=_HEADERS)

    return [Route(f"{prefix}/health/live", live), Route(f"{prefix}/health/ready", is_ready)]
