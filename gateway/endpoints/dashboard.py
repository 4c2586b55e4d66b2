"""`GET dashboard`: the statistics as a page that works without script, behind a sign-in form for the role marketing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.endpoints.charts import bar, lines
from gateway.endpoints.forms import FormError, read_form, require_own_page
from gateway.endpoints.pages import HEADERS
from gateway.endpoints.roles import Denied, Guard, bearer
from gateway.endpoints.staff_session import StaffSession
from gateway.enforcement.language import choose
from gateway.enforcement.templates import render
from gateway.enforcement.texts import Texts
from gateway.errors import LedgerError
from gateway.ledger.figures import Figures
from gateway.statistics.cell import KINDS
from gateway.statistics.formulas import CATEGORY_RATES, RATES
from gateway.statistics.report import Part
from gateway.statistics.snippet import snippet
from gateway.statistics.suppression import STEP, K

PERIODS: Final = 26
"""Base periods shown, the last ones."""
_LANGUAGES: Final = {"zh-Hant": "中文", "en": "English"}
_ROLE: Final = "marketing"

Health = Callable[[], Awaitable[Mapping[str, str | int | None]]]
"""`entries`, `head` (hex), `anchor` (day), `verified` (when) and `seq` (up to where) of the record.

Raises LedgerError.
"""


@dataclass(frozen=True)
class Dashboard:
    """The page of one gateway. `sample` says whether the record holds made-up data, `names` the services' names."""

    prefix: str
    stylesheet: str
    language: str
    guard: Guard
    session: StaffSession
    figures: Figures
    health: Health
    sample: Callable[[], Awaitable[bool]]
    names: Mapping[str, str]

    async def get(self, request: Request) -> Response:
        """The page, or the form to sign in."""
        try:
            if not self.session.holds(request, _ROLE):
                self.guard.require(_ROLE, bearer(request), request)
            await self.guard.record(_ROLE, "dashboard")
            return await self._page(request)
        except Denied as denied:
            return self._sign_in(request, denied, asked=bool(bearer(request)))
        except (LedgerError, OSError, ValueError):
            return self._sign_in(request, Denied(503, "the record cannot be read"), asked=True)

    async def post(self, request: Request) -> Response:
        """Signs in with a token, or out."""
        try:
            require_own_page(request)
            form = await read_form(request)
            text = form.one("token")
            out = "out" in form.fields
            id = "" if out else self.guard.require(_ROLE, text.strip() if isinstance(text, str) else "", request)
        except FormError as error:
            return self._sign_in(request, Denied(error.status, error.message), asked=True)
        except Denied as denied:
            return self._sign_in(request, denied, asked=True)
        headers = {**HEADERS, "Set-Cookie": self.session.set_cookie(id, request.scope["scheme"])}
        return RedirectResponse(self._here(request), 303, headers=headers)

    async def _page(self, request: Request) -> Response:
        words = self._words(request)
        parts = (await self.figures.report()).parts[-PERIODS:]
        latest = next((part for part in reversed(parts) if part.enough), None)
        categories = (await self.figures.report("category")).parts
        shown = _same(categories, latest)
        hidden = shown is not None and any(row.counts["granted"] is None for row in shown.rows)
        services = (await self.figures.report("service")).parts
        unknown = await self.figures.unknown()
        return self._html(
            "dashboard.html",
            request,
            words,
            sample=await self.sample(),
            rules=words.say("rules", k=K, step=STEP),
            few=words.say("few", k=K),
            parts=parts,
            latest=latest,
            formulas=RATES,
            chart=self._chart(words, parts),
            categories=shown,
            hidden_category=words.say("by_category.hidden", k=K) if hidden else "",
            category_formulas=CATEGORY_RATES,
            bar=bar,
            number=lambda count: words["hidden"] if count is None else f"{count:,}",
            percent=lambda rate: words["hidden"] if rate is None else f"{rate:.1%}",
            services=_same(services, next((part for part in reversed(services) if part.rows), None)),
            kinds=KINDS,
            names=self.names,
            unknown=unknown,
            snippet=snippet(unknown),
            record=await self._record(words),
            csv=f"{self.prefix}/stats.csv",
        )

    def _chart(self, words: Texts, parts: Sequence[Part]) -> object:
        labels = [part.period.label for part in parts]
        named = (("one", "interaction"), ("two", "acceptance"))
        series = [(name, [part.rows[0].rates[rate] for part in parts]) for name, rate in named]
        return lines(labels, series, words["chart"]) if parts else ""

    async def _record(self, words: Texts) -> list[tuple[str, str]]:
        found = await self.health()
        at = found["verified"]
        verified = words.say("record.upto", at=at, seq=found["seq"]) if at else words["record.never"]
        return [
            ("record.entries", f"{found['entries']:,}"),
            ("record.head", str(found["head"])),
            ("record.anchor", str(found["anchor"] or words["hidden"])),
            ("record.verified", verified),
        ]

    def _sign_in(self, request: Request, denied: Denied, *, asked: bool) -> Response:
        words = self._words(request)
        problem = ""
        if asked:
            key = f"problem.{denied.status}"
            problem = words[key] if key in words.keys() else denied.message  # noqa: SIM118 -- no mapping
        return self._html("sign_in.html", request, words, denied.status, denied.headers, problem=problem)

    def _html(
        self,
        template: str,
        request: Request,
        words: Texts,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        languages = [
            {"lang": lang, "name": name, "url": f"{self.prefix}/dashboard?lang={lang}"}
            for lang, name in _LANGUAGES.items()
        ]
        page = render(
            template,
            t=words,
            stylesheet=self.stylesheet,
            languages=languages,
            here=self._here(request),
            **values,
        )
        return HTMLResponse(page, status, headers={**HEADERS, **(headers or {})})

    def _here(self, request: Request) -> str:
        wish = request.query_params.get("lang")
        return f"{self.prefix}/dashboard" + (f"?lang={wish}" if wish in _LANGUAGES else "")

    def _words(self, request: Request) -> Texts:
        wish = request.query_params.get("lang")
        return _texts(choose(wish, request.headers.get("accept-language", ""), self.language))


def dashboard_routes(dashboard: Dashboard) -> list[Route]:
    """The page, and where its forms are sent."""
    path = f"{dashboard.prefix}/dashboard"
    return [Route(path, dashboard.get, methods=["GET"]), Route(path, dashboard.post, methods=["POST"])]


def _same(parts: Sequence[Part], wanted: Part | None) -> Part | None:
    """The part of the same period."""
    return next((part for part in parts if wanted is not None and part.period == wanted.period), None)


@cache
def _texts(locale: str) -> Texts:
    name = locale if locale in _LANGUAGES else "en"
    return Texts(name, json.loads((files("gateway") / "data" / "staff" / f"{name}.json").read_text("utf-8")))
