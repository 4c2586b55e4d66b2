"""A shop page as the gateway rewrites it, with the banner around it and a choice kept in a plain cookie."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.config.settings import Controller, Policy, ServiceEntry, Settings
from gateway.endpoints.assets import asset_routes, load_assets
from gateway.endpoints.choices import state_body
from gateway.endpoints.pages import Detail, Pages, Revision, pages_routes
from gateway.enforcement.banner import Banner, Shown
from gateway.enforcement.language import NOTICE_LOCALES
from gateway.model.categories import OPTIONAL, Category, Source, State
from gateway.model.choice import make_choice, refuse_all
from gateway.model.decision import Decision
from gateway.notice_page import NoticePage
from gateway.registry import Registry
from gateway.types import ASGIApp, Receive, Scope, Send

PREFIX = "/_choices"
ASSETS = load_assets()
SHOWN = Shown(PREFIX, 3, "K市集股份有限公司", 12)
MORE = [ASSETS[name].file for name in ("wk.js", "dl.js")]
OWN = [ASSETS[name].url(PREFIX) for name in ("cg.css", "cg.js", "em.css")]
BANNER = Banner(SHOWN, OWN[0], OWN[1], OWN[2], MORE)
STRICT = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'"
SETTINGS = Settings(
    controller=Controller(name=SHOWN.controller, contact="mail@shop.example"),
    policy=Policy(rev=SHOWN.rev, date="2026-11-01"),
    services=tuple(ServiceEntry(id=name) for name in ("google-analytics", "meta-pixel", "youtube")),
)
DETAILS = {
    Category.STATISTICS: [
        Detail("Google Analytics", "Google", "https://policies.example/", cookies=[("_ga", 395), ("_ga_*", 0)])
    ],
    Category.PREFERENCES: [Detail("YouTube", "Google", separate=True, breaks="Films stay closed.")],
}
UNSET = Decision(State.UNSET, State.UNSET, State.UNSET)
PAGE = (
    '<!doctype html><html lang="{lang}"><head>{head}<meta charset="utf-8"><title>shop</title>'
    '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/file/shop.css"></head>'
    "<body>{content}</body></html>"
)


@dataclass
class Shop:
    """`content` is the page's body, `files` its scripts; `requests` are `METHOD path` as they arrive.

    `head` is what goes first into the head, `mode` the foot's; `made` answers for scripts as in `asset_routes`;
    `rev` is the notice in force, which can change while a page is open; `slow` the seconds our own files take.
    """

    content: str = "<h1>K市集</h1><p>好茶</p>"
    files: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    reload: bool = False
    keeps_cookies: bool = True
    fails: int = 0
    requests: list[str] = field(default_factory=list)
    posts: list[dict[str, object]] = field(default_factory=list)
    decide: Callable[[Decision], Decision] = lambda decision: decision
    head: Callable[[Decision], bytes] = lambda decision: b""
    mode: Callable[[Decision], str] = lambda decision: ""
    made: Callable[[str, str], bytes | None] = lambda file, query: None
    banner: Banner = BANNER
    rev: int = SHOWN.rev
    slow: float = 0.0

    def app(self) -> ASGIApp:
        """The whole site, for a server."""
        sites: dict[int, Starlette] = {}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                request = Request(scope)
                self.requests.append(f"{request.method} {request.url.path}")
                if self.slow and "/assets/" in request.url.path:
                    await asyncio.sleep(self.slow)
                scope["consent"] = self.decide(_decision(request.cookies.get("t")))
            if self.rev not in sites:
                sites[self.rev] = self._site()
            await sites[self.rev](scope, receive, send)

        return app

    def _site(self) -> Starlette:
        routes = [
            *pages_routes(self._pages()),
            *asset_routes(prefix=PREFIX, assets=ASSETS.values(), made=self.made),
            Route(f"{PREFIX}/state", self._state),
            Route(f"{PREFIX}/choice", self._choose, methods=["POST"]),
            Route(f"{PREFIX}/withdraw", self._choose, methods=["POST"]),
            Route("/file/{name}", self._file),
            Route("/{path:path}", self._page),
        ]
        return Starlette(routes=routes)

    def _pages(self) -> Pages:
        registry = Registry(SETTINGS)
        return Pages(
            replace(SHOWN, rev=self.rev),
            ASSETS["pg.css"].url(PREFIX),
            ASSETS["pg.js"].url(PREFIX),
            contact="mail@shop.example",
            notices={locale: NoticePage(SETTINGS, registry, locale).content for locale in NOTICE_LOCALES},
            log=[Revision(SHOWN.rev, "2026-11-01", "Adverts came.")],
            details=DETAILS,
        )

    async def _page(self, request: Request) -> Response:
        decision, lang = request.scope["consent"], request.query_params.get("lang", "zh-Hant")
        revised = replace(SHOWN, rev=self.rev)
        banner = self.banner if revised == SHOWN else Banner(revised, OWN[0], OWN[1], OWN[2], MORE)
        body = banner.body(decision, lang, request.url.path, lang).decode()
        foot = banner.foot(decision, lang, lang, reload=self.reload, mode=self.mode(decision)).decode()
        head = self.head(decision).decode()
        page = PAGE.format(lang=lang, head=head, content=f"{body}{self.content}{foot}")
        headers = {"Cache-Control": "private, no-cache"}
        if self.policy:
            headers["Content-Security-Policy"] = self.policy
        return HTMLResponse(page, headers=headers)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return PlainTextResponse(self.files.get(name, ""), media_type=kind)

    async def _state(self, request: Request) -> Response:
        return JSONResponse(state_body(request.scope["consent"]))

    async def _choose(self, request: Request) -> Response:
        posted, json = await _posted(request)
        self.posts.append(posted)
        if self.fails:
            self.fails -= 1
            return PlainTextResponse("the record cannot be written", 503)
        if posted.get("action") in ("accept", "save") and int(str(posted["rev"])) != self.rev:
            return PlainTextResponse("", 409) if json else self._pages().problem(request, 409)
        answer: Response = JSONResponse({}) if json else RedirectResponse(str(posted["return"]), 303)
        if self.keeps_cookies:
            answer.set_cookie("t", _granted(request, posted), httponly=True, samesite="lax")
        return answer


async def _posted(request: Request) -> tuple[dict[str, object], bool]:
    if request.headers["content-type"] == "application/json":
        return dict(await request.json()), True
    form = (await request.body()).decode()
    pairs = parse_qsl(form)
    category = [value for name, value in pairs if name == "category"]
    return {**dict(pairs), "category": category}, False


def _granted(request: Request, posted: dict[str, object]) -> str:
    before = [name for name in OPTIONAL if request.scope["consent"].state(name) is State.GRANTED]
    named = posted.get("category") or []
    assert isinstance(named, list)
    if request.url.path.endswith("/withdraw"):
        return "+".join(name for name in before if named and name not in named) or "none"
    wanted = {"accept": [str(name) for name in OPTIONAL], "save": named}.get(str(posted["action"]), [])
    if posted.get("surface") == "embed":
        wanted = [*before, *named]
    return "+".join(wanted) or "none"


def _decision(value: str | None) -> Decision:
    if value is None:
        return UNSET
    granted = frozenset(Category(name) for name in value.split("+") if name != "none")
    first, second, third = (State.GRANTED if name in granted else State.REFUSED for name in OPTIONAL)
    choice = make_choice(granted, {}, 1, 3, id="x") if granted else refuse_all(1, 3)
    return replace(Decision(first, second, third, Source.CHOICE, ask=False), choice=choice)
