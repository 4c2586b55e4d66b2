"""`/.well-known/gpc.json`: the statement that the signal is honoured (W3C GPC, "GPC Support Resource")."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH = "/.well-known/gpc.json"


def gpc_routes(*, stated_on: str) -> list[Route]:
    """The resource; `stated_on` is the date of the statement (YYYY-MM-DD), left out when empty."""
    body: dict[str, object] = {"gpc": True}
    if stated_on:
        body["lastUpdate"] = stated_on

    async def statement(request: Request) -> Response:
        return JSONResponse(body)

    return [Route(PATH, statement)]
