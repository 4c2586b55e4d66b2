"""The trackers, all of them: one small server that answers for every host below `trackers.localhost`.

Its scripts do in small what the real ones do: they write identifiers into cookies of the shop, load one
another and send the visit home. Whatever arrives is put on record.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.demo.markup import read
from gateway.demo.record import Record
from gateway.demo.trackers import by_host
from gateway.types import ASGIApp

_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_IDENTIFIERS = ("cid", "fbp", "ttp", "lid", "uid", "gcl", "sid")
_FILES = {
    ("googletagmanager", "/gtm.js"): "gtm.js",
    ("google-analytics", "/gtag/js"): "gtag.js",
    ("googleads", "/pagead/conversion.js"): "ads.js",
    ("facebook", "/en_US/fbevents.js"): "fbevents.js",
    ("line-scdn", "/n/line_tag/public/release/v1/lt.js"): "lt.js",
    ("tiktok", "/i18n/pixel/events.js"): "tiktok.js",
    ("hotjar", "/c/hotjar-1000001.js"): "hotjar.js",
    ("crisp", "/l.js"): "crisp.js",
    ("youtube", "/embed/sanmu-mist"): "video.html",
    ("google-maps", "/maps/embed"): "map.html",
    ("googletagmanager", "/ns.html"): "ns.html",
}


class Sink:
    """Answers as any tracker and writes down who asked for what."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def app(self) -> ASGIApp:
        """The sink as an ASGI application."""
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        tracker = by_host(request.headers.get("host", ""))
        if tracker is None:
            return Response(status_code=404)
        path = request.url.path
        self.record.hit(tracker, f"{request.method} {path}", _identifiers(request))
        name = _FILES.get((tracker.label, path))
        response = _file(name) if name else _pixel(request.method)
        if not request.cookies:
            visitor = f"{tracker.label}.{secrets.token_hex(6)}"
            response.set_cookie("uid", visitor, max_age=31536000, samesite="none", secure=True)
        response.headers["cache-control"] = "no-store"
        return response


def _file(name: str) -> Response:
    content = read(f"sinks/{name}")
    return Response(content, media_type="text/html" if name.endswith(".html") else "text/javascript")


def _pixel(method: str) -> Response:
    return Response(status_code=204) if method == "POST" else Response(_GIF, media_type="image/gif")


def _identifiers(request: Request) -> list[str]:
    """Whatever tells one visitor from another: the tracker's own cookie, identifiers in the query."""
    query = parse_qs(urlsplit(str(request.url)).query)
    sent = [f"{name}={query[name][0]}" for name in _IDENTIFIERS if name in query]
    return [*sent, *(f"{name}={value}" for name, value in request.cookies.items())]
