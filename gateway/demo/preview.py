"""Every state of what visitors meet, on one page of frames: `demo --preview`. Nothing is decided or kept here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.edition import Edition
from gateway.endpoints.assets import asset_routes, load_assets
from gateway.endpoints.choices import state_body
from gateway.endpoints.pages import pages_routes
from gateway.enforcement.embed import Embed
from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from gateway.ledger import open_ledger
from gateway.model.categories import Category, Source, State
from gateway.model.choice import make_choice, refuse_all
from gateway.model.decision import Decision
from gateway.registry import Registry
from gateway.types import ASGIApp, Receive, Scope, Send

_ON, _OFF, _UNSET = State.GRANTED, State.REFUSED, State.UNSET
_YES = make_choice(frozenset({Category.STATISTICS}), {}, 1, 1, id="preview")
STATES: Final[Mapping[str, Decision]] = {
    "undecided": Decision(_UNSET, _UNSET, _UNSET),
    "asked-again": Decision(_ON, _ON, _UNSET, Source.CHOICE, choice=_YES),
    "refused": Decision(_OFF, _OFF, _OFF, Source.CHOICE, ask=False, choice=refuse_all(1, 1)),
    "granted": Decision(_ON, _ON, _ON, Source.CHOICE, ask=False, choice=_YES),
    "gpc": Decision(_UNSET, _UNSET, _OFF, Source.GPC, ask=False, chip="gpc"),
    "dnt": Decision(_UNSET, _UNSET, _OFF, Source.DNT, ask=False, chip="dnt"),
    "cookieless": Decision(_OFF, _OFF, _OFF, ask=False, cookieless=True),
}
_FRAME: Final = b'<iframe width="300" height="220" data-consent-src="https://v.example/1" inert></iframe>'
_FILM: Final = Embed("film", "YouTube", "Google", Category.PREFERENCES, _FRAME, "https://v.example/1", "Tea")
_OWN: Final = (
    *("?state=undecided", "?state=granted&done=saved", "?state=gpc", "?set=1", "?state=refused&done=withdrawn"),
    *("do-not-sell", "functions", "notice", "notice/99"),
)


def preview_app(settings: Settings) -> ASGIApp:
    """`GET /`: frames for every state in one language; `/see/STATE`: a page of a shop; and the gateway's own pages."""
    assets = load_assets()
    edition = Edition(settings, Registry(settings), assets)
    banner, prefix = edition.banner, settings.prefix

    async def index(request: Request) -> Response:
        lang = _locale(request)
        shop = [f"/see/{state}?lang={lang}#{'cg-set' if state == 'cookieless' else ''}" for state in STATES]
        own = [f"{prefix}/{path}{'&' if '?' in path else '?'}lang={lang}" for path in _OWN]
        return HTMLResponse(_index(lang, [*shop, *own]))

    async def see(request: Request) -> Response:
        lang, state = _locale(request), request.path_params["state"]
        decision = STATES.get(state)
        if decision is None:
            return RedirectResponse("/")
        film = b"" if state == "granted" else banner.placeholder(lang, _FILM)
        body = banner.body(decision, lang, "/", lang) + b"<main><h1>Shop</h1>" + film + b"</main>"
        page = f"{body.decode()}{banner.foot(decision, lang, lang).decode()}"
        return HTMLResponse(f'{_head(lang, "Shop")}<body>{page}</body></html>')

    async def state(request: Request) -> Response:
        return JSONResponse(state_body(replace(request.scope["consent"], source=Source.CHOICE)))

    async def undone(request: Request) -> Response:
        return RedirectResponse("/", 303)

    inner = Starlette(
        routes=[
            Route("/", index),
            Route("/see/{state}", see),
            Route(f"{prefix}/state", state),
            Route(f"{prefix}/choice", undone, methods=["POST"]),
            Route(f"{prefix}/withdraw", undone, methods=["POST"]),
            *pages_routes(edition.pages(open_ledger(settings.database, folder=settings.folder))),
            *asset_routes(prefix=prefix, assets=assets.values()),
        ]
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["consent"] = STATES.get(Request(scope).query_params.get("state", ""), STATES["undecided"])
        await inner(scope, receive, send)

    return app


def preview_settings(folder: Path) -> Settings:
    """The preview's configuration: the demo's, so that the lists have something in them."""
    from gateway.demo.town import demo_settings

    return demo_settings(folder)


def _locale(request: Request) -> str:
    wish = request.query_params.get("lang", "")
    return wish if wish in LOCALES else LOCALES[0]


def _head(lang: str, title: str) -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>'
    )


def _index(lang: str, addresses: list[str]) -> str:
    languages = " ".join(f'<a href="/?lang={name}">{texts(name)["language"]}</a>' for name in LOCALES)
    frames = "".join(
        f'<figure style="display:inline-block;margin:8px"><iframe src="{escape(address)}" title="{escape(address)}"'
        ' width="360" height="640" loading="lazy"></iframe>'
        f'<figcaption><a href="{escape(address)}">{escape(address)}</a></figcaption></figure>'
        for address in addresses
    )
    hint = "Light or dark as your browser is set. Nothing is decided or kept here."
    return f"{_head(lang, 'Preview')}<body><p>{languages} · {hint}</p>{frames}</body></html>"
