"""The page that shows what reaches the trackers, with the gateway and without it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.markup import Markup, fill, join
from gateway.demo.record import Record, Report
from gateway.demo.shop import static
from gateway.types import ASGIApp

_NAMES = {
    "preferences": "功能偏好 Preferences",
    "statistics": "統計分析 Statistics",
    "marketing": "行銷 Marketing",
}


class Live:
    """Both sides' records on one page; `shops` holds the URL of the shop on each side."""

    def __init__(self, guarded: Record, bare: Record, shops: tuple[str, str]) -> None:
        self._sides: Mapping[str, Record] = {"guarded": guarded, "bare": bare}
        self._shops = shops

    def app(self) -> ASGIApp:
        """The live page as an ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/state.json", self._state),
                Route("/reset", self._reset, methods=["POST"]),
                *(Route(f"/{folder}/{{file}}", static) for folder in ("pictures", "files")),
            ]
        )

    async def _page(self, request: Request) -> Response:
        reports = {side: record.report() for side, record in self._sides.items()}
        page = fill(
            "live",
            "",
            guarded_shop=self._shops[0],
            bare_shop=self._shops[1],
            guarded_total=reports["guarded"]["total"],
            bare_total=reports["bare"]["total"],
            rows=_rows(reports["guarded"], reports["bare"]),
            guarded_seen=_seen(reports["guarded"]),
            bare_seen=_seen(reports["bare"]),
        )
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    async def _state(self, request: Request) -> Response:
        state = {side: record.report() for side, record in self._sides.items()}
        return JSONResponse(state, headers={"cache-control": "no-store"})

    async def _reset(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return Response(status_code=403)
        for record in self._sides.values():
            record.clear()
        return RedirectResponse("/", 303)


def _rows(guarded: Report, bare: Report) -> Markup:
    return join(
        fill(
            "live_row",
            "",
            id=ours["id"],
            name=ours["name"],
            category=ours["category"],
            category_name=_NAMES[ours["category"]],
            guarded=ours["requests"],
            bare=theirs["requests"],
            guarded_quiet="quiet" if not ours["requests"] else "",
            bare_quiet="quiet" if not theirs["requests"] else "",
            guarded_recent=_lines([*ours["ids"], *ours["recent"]]),
            bare_recent=_lines([*theirs["ids"], *theirs["recent"]]),
        )
        for ours, theirs in zip(guarded["trackers"], bare["trackers"], strict=True)
    )


def _lines(lines: list[str]) -> Markup:
    return Markup("<br>".join(escape(line) for line in lines[:6]))


def _seen(report: Report) -> Markup:
    return join(fill("live_seen", "", **sight) for sight in report["shop"])
