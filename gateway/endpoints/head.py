"""The record's head for anyone to write down: against it a cut end shows later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.errors import LedgerError
from gateway.model.entry import GENESIS, Entry


def head_routes(*, prefix: str, last: Callable[[], Awaitable[Entry | None]]) -> list[Route]:
    """`GET head.json`: number, hash (hex) and day of the entry `last` gives; 503 while the record is away.

    No personal data: how many entries there are, and nothing of what they say.
    """

    async def head(request: Request) -> Response:
        try:
            entry = await last()
        except LedgerError:
            return _answer({"error": "the consent record cannot be read"}, 503)
        if entry is None:
            return _answer({"seq": 0, "head": GENESIS.hex(), "day": None})
        return _answer({"seq": entry.seq, "head": entry.head.hex(), "day": entry.day})

    return [Route(f"{prefix}/head.json", head, methods=["GET"])]


def _answer(content: dict[str, object], status: int = 200) -> Response:
    return JSONResponse(content, status, headers={"Cache-Control": "no-store"})
