"""What browsers say the second wall has stopped: counted by service, nothing of it kept.

Sources: Content Security Policy Level 3, 5.3 (`application/csp-report`), Reporting API 3.4
(`application/reports+json`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.endpoints.forms import FormError, media_type, read_body
from gateway.enforcement.url import Base, locate
from gateway.enforcement.wall import REPORT_PATH
from gateway.model.catalogue import Catalogue

_HEADERS = {"Cache-Control": "no-store"}
_NOWHERE = Base("https", "")


def csp_report_routes(
    *, prefix: str, catalogue: Catalogue, count: Callable[[str, str, str], None]
) -> list[Route]:
    """`POST {prefix}/csp-report`: 204; 400 for what is no report, 413 over 16 kB, 415 for another type.

    `count` hears ("csp", service or "unknown" or "inline", "blocked" or "reported").
    """

    async def report(request: Request) -> Response:
        try:
            reports = list(_reports(media_type(request), await read_body(request)))
        except FormError as error:
            return PlainTextResponse(error.message, error.status, headers=_HEADERS)
        for blocked, enforced in reports:
            count("csp", _owner(catalogue, blocked), "blocked" if enforced else "reported")
        return Response(status_code=204, headers=_HEADERS)

    return [Route(prefix + REPORT_PATH, report, methods=["POST"])]


def _reports(kind: str, body: bytes) -> Iterator[tuple[str, bool]]:
    """What each report names as blocked, and whether it was."""
    if kind not in ("application/csp-report", "application/reports+json"):
        raise FormError(415, "content-type: expected application/csp-report or application/reports+json")
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        parsed = None
    if kind == "application/csp-report":
        yield _violation(parsed.get("csp-report") if isinstance(parsed, dict) else None, "blocked-uri")
        return
    if not isinstance(parsed, list):
        raise FormError(400, "body: expected a list of reports")
    for entry in parsed:
        if not isinstance(entry, dict):
            raise FormError(400, "body: expected a list of reports")
        if entry.get("type") == "csp-violation":
            yield _violation(entry.get("body"), "blockedURL")


def _violation(report: Any, name: str) -> tuple[str, bool]:
    blocked = report.get(name) if isinstance(report, dict) else None
    if not isinstance(blocked, str):
        raise FormError(400, f"body: expected a report with {name}")
    return blocked, report.get("disposition") != "report"


def _owner(catalogue: Catalogue, blocked: str) -> str:
    if ":" not in blocked:
        return "inline" if blocked in ("inline", "eval", "wasm-eval") else "unknown"
    target = locate(blocked, _NOWHERE)
    service = catalogue.for_url(target.host, target.path) if target and target.host else None
    return service.id if service else "unknown"
