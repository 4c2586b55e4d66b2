"""A visitor's rights over the gateway's own record: to inspect it, to get a copy, to have it deleted (PDPA Art. 3).

The signed cookie is the only key: nobody is asked for a name, and whatever else a request says about who sends it is
ignored. To correct and to stop are acts of their own, `choice` and `withdraw`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.endpoints.choice_cookies import ChoiceCookies
from gateway.endpoints.choices import state_body
from gateway.endpoints.forms import Form, FormError, local_path, read_form, require_own_page
from gateway.endpoints.pages import Pages
from gateway.endpoints.repeats import Repeats
from gateway.enforcement.language import LOCALES
from gateway.errors import LedgerError
from gateway.model.act import counting
from gateway.model.categories import State
from gateway.model.choice import refuse_all
from gateway.model.decision import Decision, decide
from gateway.model.entry import Entry, Event, Kind, subject_tag
from gateway.model.evidence import Evidence, Interface
from gateway.model.hold import Hold
from gateway.model.inspection import inspection
from gateway.model.signals import Signals
from gateway.observability.refusals import Reason, nobody
from gateway.types import Clock

_PRIVATE: Final = {
    "Cache-Control": "no-store",
    "Vary": "Cookie, Sec-GPC, DNT",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NOTED: Final = ("erasing", "waiting", "memory")
"""How an erasure was noted: in the record, in a journal while that is away, or nowhere but in memory."""


class Record(Protocol):
    """What is wanted of the ledger; both raise LedgerError."""

    def append(self, event: Event) -> Coroutine[Any, Any, object]:
        """Returns once `event` is durable."""

    async def entries_of(self, tag: bytes) -> list[Entry]:
        """One subject's entries in the order in which they were made."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The endpoints of one shop.

    `ask` notes that a subject is to be erased, and tells whether the record itself knows or only a journal beside it,
    or raises LedgerError; `later` takes what the record has to be told as soon as it can be. `years` is how long
    evidence is kept. With a `hold` in force nothing is deleted before its last day has passed;
    `refused` hears of every answer of 503.
    """

    pages: Pages
    store: ChoiceCookies
    record: Record
    ask: Callable[[bytes], Awaitable[bool]]
    later: Callable[[Event | bytes], None]
    evidence: Evidence
    clock: Clock
    hold: Hold | None = None
    years: int = 5
    repeats: Repeats = field(default_factory=Repeats)
    refused: Callable[[Reason], None] = nobody

    async def me(self, request: Request) -> Response:
        """`GET me`: what holds for this visitor, what is recorded of them, and what they can do about it."""
        decision: Decision = request.scope["consent"]
        try:
            held, status = await self._inspection(request), 200
        except LedgerError:
            self.refused(Reason.UNREAD)
            held, status = inspection(decision, self.store.rules.offered, (), self._in_force), 503
        own, back = self.pages.own, self.pages.back(request)
        return self.pages.page(
            "me.html",
            request,
            status,
            held=held,
            lost=status == 503,
            identified=bool(_id(request)),
            granted=[name for name in self.pages.offered() if decision.state(name) is State.GRANTED],
            chip=decision.chip,
            message=_message(request),
            years=self.years,
            copy_url=own(request, "/me.json"),
            withdrawn_url=own(request, "/me", done="withdrawn", **{"return": back}),
            wish=request.query_params.get("lang", ""),
        )

    async def copy(self, request: Request) -> Response:
        """`GET me.json`: the same as a file."""
        try:
            held = await self._inspection(request)
        except LedgerError:
            self.refused(Reason.UNREAD)
            return JSONResponse({"error": "the record cannot be read, please try again later"}, 503, headers=_PRIVATE)
        headers = {**_PRIVATE, "Content-Disposition": 'attachment; filename="consent.json"'}
        return JSONResponse(held, headers=headers)

    async def erase(self, request: Request) -> Response:
        """`POST erase`: every consent ends with this answer, what is recorded goes with the next batch (R-135)."""
        wants_json = request.headers.get("content-type", "").startswith("application/json")
        try:
            require_own_page(request)
            form = await read_form(request)
        except FormError as error:
            if wants_json:
                return JSONResponse({"error": error.message}, error.status, headers=_PRIVATE)
            return self.pages.problem(request, error.status, error.message)
        now = self.clock()
        if not _id(request):
            return self._answer(request, form, "", request.scope["consent"])
        noted = await self._erase(request, form, now)
        today, rules = int(now // 86_400), self.store.rules
        after = refuse_all(today, rules.notice.rev)
        decision = decide(after, Signals.from_headers(request.scope["headers"]), rules, today)
        return self.store.stored(self._answer(request, form, noted, decision), request, after, today)

    async def _erase(self, request: Request, form: Form, now: float) -> str:
        """Tells the record that the consent has ended and is to be erased; how that was noted, one of `NOTED`."""
        tag = subject_tag(self.evidence.tag_key, _id(request))
        ended = self._ended(request, form, now)
        try:
            if ended is not None:
                await self.repeats.once(_id(request), request.scope["consent"].choice, self.record.append(ended))
                ended = None
            return "erasing" if await self.ask(tag) else "waiting"
        except LedgerError:
            for item in (ended, tag):
                if item is not None:
                    self.later(item)
            return "memory"

    def _ended(self, request: Request, form: Form, now: float) -> Event | None:
        """The withdrawal of what is granted. It is erased with the rest, or tells while a hold lasts when it ended."""
        if not counting(request.scope["consent"]).granted:
            return None
        interface = Interface.of(form.one("locale"), form.one("layout"), "settings", "me", locales=LOCALES)
        after = refuse_all(int(now // 86_400), self.store.rules.notice.rev)
        gpc = Signals.from_headers(request.scope["headers"]).gpc
        return self.evidence.event(Kind.WITHDRAW, after, _id(request), interface, now=now, gpc=gpc)

    def _answer(self, request: Request, form: Form, noted: str, decision: Decision) -> Response:
        if not form.json:
            lang, path = form.one("lang"), local_path(form.one("return"))
            query = {"done": noted, "lang": lang if lang in LOCALES else "", "return": path or ""}
            given = urlencode({name: value for name, value in query.items() if value})
            return RedirectResponse(f"{self.pages.shown.prefix}/me{'?' * bool(given)}{given}", 303, headers=_PRIVATE)
        hold = self._in_force
        told = {
            "erasure": noted or "nothing",
            "within_hours": 24 if noted == "erasing" and hold is None else None,
            "evidence_hold": inspection(decision, (), (), hold)["evidence_hold"],
        }
        return JSONResponse({**state_body(decision, self.store.rules.offered), **told}, headers=_PRIVATE)

    async def _inspection(self, request: Request) -> dict[str, object]:
        """Raises LedgerError, but never for a visitor without an id: the record is not asked about them."""
        id = _id(request)
        entries = await self.record.entries_of(subject_tag(self.evidence.tag_key, id)) if id else []
        return inspection(request.scope["consent"], self.store.rules.offered, entries, self._in_force)

    @property
    def _in_force(self) -> Hold | None:
        held = self.hold is not None and self.hold.in_force(int(self.clock() // 86_400))
        return self.hold if held else None


def rights_routes(rights: Rights) -> list[Route]:
    """`GET me`, `GET me.json` and `POST erase` below the prefix; they read `scope["consent"]`."""
    prefix = rights.pages.shown.prefix
    return [
        Route(f"{prefix}/me", rights.me, methods=["GET"]),
        Route(f"{prefix}/me.json", rights.copy, methods=["GET"]),
        Route(f"{prefix}/erase", rights.erase, methods=["POST"]),
    ]


def _id(request: Request) -> str:
    """The signed id of this visitor, whether its grants still count or not; "" without one."""
    choice = request.scope["consent"].choice
    return choice.id if choice is not None else ""


def _message(request: Request) -> str:
    """What was just done. That something is being erased is said only to who has no id any more."""
    done = request.query_params.get("done", "")
    said = done in NOTED and not _id(request) and request.scope["consent"].choice is not None
    return done if said or done == "withdrawn" else ""
