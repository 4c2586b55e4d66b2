"""The banner's script and stylesheets, served under names that carry the hash of their content.

They come from `gateway/static` of an installed package, or from `static/consent-banner` of a checkout.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.endpoints import minify

SOURCES = {
    "cg.js": "consent-banner.js",
    "cg.css": "consent-banner.css",
    "wk.js": "waking.js",
    "dl.js": "dialog.js",
    "cm.js": "consent-mode.js",
    "gd.js": "guard.js",
    "em.css": "embeds.css",
    "pg.css": "pages.css",
    "pg.js": "pages.js",
    "st.css": "staff.css",
}
"""Public name -> file. The public names avoid the words that content blockers hide."""

_SCOPES = {"pg.css": ".cg-page:not(#_#_#_)"}
"""Sheets whose selectors are all below this one: the dialog brings them into the shop's pages."""
_MEDIA = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))")
_PACKAGE = Path(__file__).parent.parent
_FOLDERS = (_PACKAGE / "static", _PACKAGE.parent / "static" / "consent-banner")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent: `file` is `NAME.HASH.EXTENSION`, `packed` the same body in gzip."""

    file: str
    media_type: str
    body: bytes
    packed: bytes

    def url(self, prefix: str) -> str:
        """Its address below the gateway's `prefix`; a new content has a new address."""
        return f"{prefix}/assets/{self.file}"


def load_assets(folders: Iterable[Path] = _FOLDERS) -> dict[str, Asset]:
    """Every asset by its public name, from the first of `folders` that exists."""
    folder = next(folder for folder in folders if folder.is_dir())
    return {name: _asset(name, (folder / source).read_text("utf-8")) for name, source in SOURCES.items()}


def served(name: str, source: str) -> bytes:
    """The `source` as the browser gets it under that public name."""
    if name.endswith(".js"):
        return minify.script(source).encode()
    return minify.stylesheet(source, _SCOPES.get(name, "")).encode()


def asset_routes(
    *, prefix: str, assets: Iterable[Asset], made: Callable[[str, str], bytes | None] = lambda file, query: None
) -> list[Route]:
    """`GET {prefix}/assets/FILE`: immutable for a year; any other name is a 404 that nobody keeps.

    `made(file, query)` gives the body of a script that has an address for each content.
    """
    known = {asset.file: asset for asset in assets}

    @lru_cache(maxsize=32)
    def make(file: str, query: str) -> Asset | None:
        body = made(file, query)
        return None if body is None else Asset(file, _MEDIA["js"], body, gzip.compress(body, 9, mtime=0))

    async def asset(request: Request) -> Response:
        file = request.path_params["file"]
        found = known.get(file) or make(file, request.url.query)
        if found is None:
            return Response(status_code=404, headers={"Cache-Control": "no-store"})
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        body = found.body
        if _takes_gzip(request.headers.get("accept-encoding", "")):
            body, headers["Content-Encoding"] = found.packed, "gzip"
        return Response(body, media_type=found.media_type, headers=headers)

    return [Route(f"{prefix}/assets/{{file}}", asset)]


def _asset(name: str, source: str) -> Asset:
    stem, _, extension = name.partition(".")
    body = served(name, source)
    file = f"{stem}.{sha256(body).hexdigest()[:12]}.{extension}"
    return Asset(file, _MEDIA[extension], body, gzip.compress(body, 9, mtime=0))


def _takes_gzip(header: str) -> bool:
    """Whether gzip is named and not with quality 0 (RFC 9110, 12.5.3)."""
    return _GZIP.search(header.lower()) is not None
