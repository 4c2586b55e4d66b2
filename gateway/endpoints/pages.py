"""The pages a visitor reads: settings, what works without cookies, the notice, a request that failed.

Plain forms and links, no script. Whatever stands in the address is a wish: a language we do not have, a path
that is not ours, an unknown message are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from gateway.endpoints.forms import local_path
from gateway.enforcement.banner import Shown
from gateway.enforcement.language import LOCALES, choose, notice_locale
from gateway.enforcement.templates import render
from gateway.enforcement.texts import Texts, texts
from gateway.errors import LedgerError
from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.decision import Decision
from gateway.model.notice_text import content_of

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'self'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie, Sec-GPC, DNT, Accept-Language",
}
"""On every page of ours. `same-origin`, because `no-referrer` would also blank the `Origin` of our forms."""

_PROBLEMS = {403: "problem.refused", 404: "notice.unknown", 429: "problem.many"}
_REV = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Revision:
    """One line of the notice's change log. `material` are the categories that were asked about anew."""

    rev: int
    date: str = ""
    changes: str = ""
    material: Sequence[Category] = ()


@dataclass(frozen=True, slots=True)
class Detail:
    """One service, for the settings. `cookies` are names and the most days they live, 0 where the vendor decides.

    `breaks` is empty where the category's own words hold.
    """

    name: str
    vendor: str = ""
    policy_url: str = ""
    breaks: str = ""
    separate: bool = False
    cookies: Sequence[tuple[str, int]] = ()


async def _nothing(rev: int, locale: str) -> bytes | None:
    return None


@dataclass(frozen=True)
class Pages:
    """Renders the pages of one shop.

    `language` is the configured default, `contact` and `newsletter` (an address) may be empty, `notices` hold the
    content of the notice in force for each language, `old` gives the archived text of a revision and raises
    LedgerError, `log` lists the revisions, `revised` the dates on which categories last changed, for visitors whose
    yes was voided, `opt_out_label` the shop's own words for the opt-out page (empty: ours), `breaks` the services of
    which the shop itself says what does not work without them: name, category, words; `details` the
    services and cookies of each category, `logo` is the path of a picture on this host, or empty.
    """

    shown: Shown
    stylesheet: str
    script: str
    language: str = LOCALES[0]
    contact: str = ""
    newsletter: str = ""
    notices: Mapping[str, str] = field(default_factory=dict)
    old: Callable[[int, str], Awaitable[bytes | None]] = _nothing
    log: Sequence[Revision] = ()
    revised: Mapping[Category, str] = field(default_factory=dict)
    opt_out_label: str = ""
    breaks: Sequence[tuple[str, Category, str]] = ()
    details: Mapping[Category, Sequence[Detail]] = field(default_factory=dict)
    logo: str = ""

    async def settings(self, request: Request) -> HTMLResponse:
        """The second layer: one switch per optional category, as stored."""
        return self.second_layer(request, message=_message(request, request.scope["consent"]))

    def second_layer(self, request: Request, status: int = 200, message: str = "") -> HTMLResponse:
        """What `settings` answers, with the key of a message at the top."""
        decision: Decision = request.scope["consent"]
        words, back = self._words(request), self._back(request)
        granted = [name for name in self._offered() if decision.state(name) is State.GRANTED]
        return self._page(
            "settings.html",
            request,
            status,
            granted=granted,
            message=message,
            changed=self._changed(words, decision),
            chip=decision.chip,
            override=decision.override,
            details=self.details,
            partners=words.partners(self.shown.partners),
            sharing=self._sharing(),
            shares=any(decision.state(name) is State.GRANTED for name in self._sharing()),
            label=self._label(words),
            script=self.script,
            saved_url=self._own(request, "/", done="saved", **{"return": back}),
            withdrawn_url=self._own(request, "/", done="withdrawn", **{"return": back}),
            mail=self._mail(words, back),
        )

    async def do_not_sell(self, request: Request) -> HTMLResponse:
        """One button that refuses what is shared, and nothing else (R-78)."""
        return self.opt_out(request)

    def opt_out(self, request: Request) -> HTMLResponse:
        """What `do_not_sell` answers."""
        decision: Decision = request.scope["consent"]
        words, sharing = self._words(request), self._sharing()
        return self._page(
            "do_not_sell.html",
            request,
            label=self._label(words),
            sharing=sharing,
            kinds=words.kinds(sharing),
            off=all(decision.state(name) is State.REFUSED for name in sharing),
            chip=decision.chip,
            message=_message(request, decision),
            done_url=self._own(request, "/do-not-sell", done="withdrawn", **{"return": self._back(request)}),
            mail=self._mail(words, self._back(request)),
        )

    async def functions(self, request: Request) -> HTMLResponse:
        """Which functions work without any cookie, and with everything optional refused."""
        return self._page("functions.html", request, breaks=self.breaks)

    async def notice(self, request: Request) -> HTMLResponse:
        """The notice in force, and the list of its revisions."""
        return self._notice(request, self.shown.rev, self._in_force(request))

    async def revision(self, request: Request) -> HTMLResponse:
        """A revision as it was first shown (R-113): what the archive holds, byte for byte."""
        wanted: str = request.path_params["rev"]
        rev = int(wanted) if _REV.fullmatch(wanted) else 0
        if not 1 <= rev <= self.shown.rev:
            return self.problem(request, 404)
        in_force = self._in_force(request) if rev == self.shown.rev else None
        try:
            text = await self.old(rev, notice_locale(self._words(request).locale))
        except LedgerError:
            return self._notice(request, rev, in_force) if in_force else self.problem(request, 503)
        content = in_force if text is None else content_of(text)
        if content is None and rev not in {line.rev for line in self.log}:
            return self.problem(request, 404)
        return self._notice(request, rev, content)

    def _in_force(self, request: Request) -> str | None:
        return self.notices.get(notice_locale(self._words(request).locale))

    def _notice(self, request: Request, rev: int, content: str | None) -> HTMLResponse:
        markup = None if content is None else Markup(content)  # noqa: S704 - our own, escaped when it was made
        written = texts(notice_locale(self._words(request).locale))
        return self._page("notice.html", request, of=rev, content=markup, log=self.log, written=written)

    def problem(self, request: Request, status: int, message: str = "") -> HTMLResponse:
        """The page for a form that could not be carried out, in words of the visitor's language.

        A form of an earlier notice (409) is answered with the question as it is now. `message` is for programs and
        stays out of the page; the signature is `choices.ErrorPage`.
        """
        if status == 409:
            return self.second_layer(request, status, "outdated")
        text = self._words(request)[_PROBLEMS.get(status, "problem")]
        return self._page("problem.html", request, status, text=text)

    def page(self, template: str, request: Request, status: int = 200, **values: object) -> HTMLResponse:
        """`template` as one of these pages, for endpoints that have a module of their own."""
        return self._page(template, request, status, **values)

    def own(self, request: Request, path: str, **query: str) -> str:
        """An address of ours in the language the visitor switched to."""
        return self._own(request, path, **query)

    def back(self, request: Request) -> str:
        """Where on this site the visitor came from."""
        return self._back(request)

    def offered(self) -> tuple[Category, ...]:
        """The categories with something to decide, in their order."""
        return self._offered()

    def _page(self, template: str, request: Request, status: int = 200, **values: object) -> HTMLResponse:
        words, shown = self._words(request), self.shown
        read = request.method in ("GET", "HEAD")
        # The address of a form's answer cannot be read again.
        place, query = ("", {**request.query_params}) if read else (f"{shown.prefix}/", {})
        markup = render(
            template,
            t=words,
            prefix=shown.prefix,
            rev=shown.rev,
            stylesheet=self.stylesheet,
            controller=shown.controller,
            logo=self.logo,
            contact=self.contact,
            offered=self._offered(),
            back=self._back(request),
            link=lambda path: self._own(request, path, **{"return": self._back(request)}),
            languages=[
                {
                    "lang": name,
                    "name": texts(name)["language"],
                    "url": f"{place}?{urlencode({**query, 'lang': name})}",
                }
                for name in LOCALES
            ],
            **values,
        )
        return HTMLResponse(markup, status, headers={**HEADERS, "Content-Language": words["lang"]})

    def _sharing(self) -> tuple[Category, ...]:
        return tuple(name for name in self._offered() if name in self.shown.sharing)

    def _label(self, words: Texts) -> str:
        return self.opt_out_label or words["optout"]

    def _offered(self) -> tuple[Category, ...]:
        return tuple(name for name in OPTIONAL if name in self.shown.offered)

    def _words(self, request: Request) -> Texts:
        wish = request.query_params.get("lang")
        return texts(choose(wish, request.headers.get("accept-language", ""), self.language))

    def _own(self, request: Request, path: str, **query: str) -> str:
        """An address of ours that keeps the language the visitor switched to."""
        wish = request.query_params.get("lang")
        if wish in LOCALES:
            query["lang"] = wish
        return f"{self.shown.prefix}{path}?{urlencode(query)}"

    def _back(self, request: Request) -> str:
        """Where the visitor was on this site: `return`, else the referring page, else the shop's root."""
        for wish in (request.query_params.get("return"), _referring_path(request)):
            path = local_path(wish)
            if path and not path.startswith(f"{self.shown.prefix}/"):
                return path
        return self.shown.prefix.rpartition("/")[0] + "/"

    def _changed(self, words: Texts, decision: Decision) -> list[str]:
        if decision.choice is None or decision.reason != "notice renewed":
            return []
        yes = decision.choice.granted
        return [
            words.say("changed", category=words[f"category.{name}"], date=self.revised[name])
            for name in self._offered()
            if name in yes and name in self.revised and decision.state(name) is State.UNSET
        ]

    def _mail(self, words: Texts, back: str) -> Markup:
        link = Markup('<a href="{}">{}</a>').format(self.newsletter or back, words["mail.link"])
        return escape(words["mail"]).format(link=link)


def pages_routes(pages: Pages) -> list[Route]:
    """`GET {prefix}/`, `/do-not-sell`, `/functions`, `/notice` and `/notice/REV`."""
    prefix = pages.shown.prefix
    return [
        Route(f"{prefix}/", pages.settings),
        Route(f"{prefix}/do-not-sell", pages.do_not_sell),
        Route(f"{prefix}/functions", pages.functions),
        Route(f"{prefix}/notice", pages.notice),
        Route(f"{prefix}/notice/{{rev}}", pages.revision),
    ]


def _message(request: Request, decision: Decision) -> str:
    """What to say at the top. After a choice (`set`, `done`) a browser without it has dropped the cookie."""
    done = request.query_params.get("done", "")
    if "set" not in request.query_params and done not in ("saved", "withdrawn"):
        return ""
    if decision.choice is None:
        return "nocookie"
    return done if done in ("saved", "withdrawn") else "saved"


def _referring_path(request: Request) -> str | None:
    """Path and query of the page the visitor came from, if it is on this host."""
    _, scheme, rest = request.headers.get("referer", "").partition("://")
    host, slash, path = rest.partition("/")
    return slash + path.partition("#")[0] if scheme and host == request.headers.get("host") else None
