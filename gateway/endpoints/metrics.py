"""`GET metrics`: how the gateway does, for the role ops, or for who asks on this machine (R-168)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.endpoints.roles import PRIVATE, Denied, Guard, bearer
from gateway.observability.prometheus import MEDIA_TYPE, Metric, exposition
from gateway.types import Scope

Gather = Callable[[], Awaitable[Iterable[Metric]]]


def metrics_routes(*, prefix: str, guard: Guard, gather: Gather, is_local: Callable[[Scope], bool]) -> list[Route]:
    """`is_local` says whether a request comes from this machine and through nobody.

    Scrapes leave no entry in the record: there is nothing of it in them but its length.
    """

    async def metrics(request: Request) -> Response:
        try:
            if bearer(request) or not is_local(request.scope):
                guard.require("ops", bearer(request), request)
        except Denied as denied:
            return denied.response()
        return Response(exposition(await gather()), media_type=MEDIA_TYPE, headers=PRIVATE)

    return [Route(f"{prefix}/metrics", metrics, methods=["GET"])]
