"""`GET stats` and `GET stats.csv`: what may be told of the counters, for the role marketing."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.endpoints.roles import PRIVATE, Guard, answer
from gateway.errors import LedgerError
from gateway.ledger.figures import Figures
from gateway.statistics.formats import as_csv, as_dict
from gateway.statistics.report import Report

_PARAMETERS: Final = ("by", "period")


def stats_routes(*, prefix: str, guard: Guard, figures: Figures) -> list[Route]:
    """Both take `by` (one dimension) and `period`, each once at most; anything else is a 400."""

    async def stats(request: Request) -> Response:
        found = await _asked(request, figures)
        return answer(as_dict(found)) if isinstance(found, Report) else found

    async def csv(request: Request) -> Response:
        found = await _asked(request, figures)
        if not isinstance(found, Report):
            return found
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="consent-statistics.csv"'}
        return Response(as_csv(found), media_type="text/csv; charset=utf-8", headers=headers)

    return [
        Route(f"{prefix}/stats", guard.only("marketing", "stats", stats), methods=["GET"]),
        Route(f"{prefix}/stats.csv", guard.only("marketing", "stats.csv", csv), methods=["GET"]),
    ]


async def _asked(request: Request, figures: Figures) -> Report | Response:
    query = request.query_params.multi_items()
    strange = sorted({ascii(name)[:40] for name, _ in query if name not in _PARAMETERS})
    if strange:
        return answer({"error": f"{', '.join(strange)}: expected by and period only; bounds cannot be chosen"}, 400)
    if len({name for name, _ in query}) < len(query):
        return answer({"error": "by, period: expected once; statistics have one dimension at a time"}, 400)
    try:
        return await figures.report(request.query_params.get("by", ""), request.query_params.get("period", ""))
    except ValueError as error:
        return answer({"error": str(error)}, 400)
    except LedgerError:
        return answer({"error": "the counters cannot be read"}, 503)
