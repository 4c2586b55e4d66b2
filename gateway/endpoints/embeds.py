"""One embed in a page of its own: loaded by a click on its placeholder where our policy closes the shop's page to it.

A policy that came with a page cannot be loosened, but a frame's own frames follow the policy of that frame
(CSP Level 3, 4.2.2). This one is of our origin, holds nothing but the embed, and sets nothing.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.enforcement.url import Base, locate
from gateway.model.catalogue import Catalogue

_STYLE = "html,body,iframe{display:block;width:100%;height:100%;margin:0;border:0}"
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; frame-src https: http:; style-src 'sha256-{_HASH}'; frame-ancestors 'self'"
_ALLOW = "autoplay; encrypted-media; fullscreen; picture-in-picture"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "strict-origin",  # without an origin, players refuse to play
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_NOBODY = Base("https", "")


def embed_routes(*, prefix: str, catalogue: Catalogue) -> list[Route]:
    """`GET {prefix}/embed?src=URL`: a page with that frame; 403 outside a frame of the shop's own pages, 404 for
    what is no embed of the catalogue."""

    async def embed(request: Request) -> Response:
        site, destination = request.headers.get("sec-fetch-site"), request.headers.get("sec-fetch-dest")
        if site not in (None, "same-origin") or destination not in (None, "iframe"):
            return PlainTextResponse("only in a frame of the shop's own pages", 403, headers=_HEADERS)
        source = request.query_params.get("src", "")
        target = locate(source, _NOBODY)
        service = catalogue.for_url(target.host, target.path) if target and target.host else None
        if service is None or not (service.embed or service.separate):
            return PlainTextResponse("no embed that is known", 404, headers=_HEADERS)
        return HTMLResponse(
            f'<!doctype html><html><head><meta charset="utf-8"><title>{escape(service.name)}</title>'
            f"<style>{_STYLE}</style></head><body>"
            f'<iframe src="{escape(source)}" title="{escape(service.name)}" allow="{_ALLOW}"></iframe></body></html>',
            headers=_HEADERS,
        )

    return [Route(f"{prefix}/embed", embed)]
