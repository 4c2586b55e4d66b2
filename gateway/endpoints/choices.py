"""Reads, records and withdraws a visitor's choice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.endpoints.choice_cookies import ChoiceCookies
from gateway.endpoints.forms import Form, FormError, local_path, read_form, require_own_page
from gateway.endpoints.repeats import Repeats
from gateway.enforcement.banner import LOST
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.cookies import CookieFilter
from gateway.enforcement.headers import get_all
from gateway.enforcement.language import LOCALES
from gateway.errors import LedgerBusy, LedgerError
from gateway.model.act import Act, add, choose, withdraw, withdraw_by_signal
from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import Choice
from gateway.model.decision import Decision, Rules, decide
from gateway.model.entry import Event, Kind
from gateway.model.evidence import Evidence, Interface
from gateway.model.signals import Signals
from gateway.observability.refusals import Reason, nobody
from gateway.types import Clock, RawHeaders

ACTIONS: Final = ("accept", "refuse", "save")
_FIRST_LAYER: Final = ("banner", "nojs")
"""Surfaces that ask for what is undecided only."""
ErrorPage = Callable[[Request, int, str], Response]
Counting = Callable[[Event, RawHeaders], Event]


class Recording(Protocol):
    """The one thing wanted of the ledger."""

    def append(self, event: Event) -> Coroutine[Any, Any, object]:
        """Returns once `event` is durable, or raises LedgerError."""


def plain_error(request: Request, status: int, message: str) -> Response:
    """The message alone."""
    return PlainTextResponse(message, status)


def choice_routes(
    *,
    cookie: ConsentCookie,
    cookies: CookieFilter,
    ledger: Recording,
    later: Callable[[Event], None],
    rules: Rules,
    evidence: Evidence,
    clock: Clock,
    prefix: str = "/_choices",
    error_page: ErrorPage = plain_error,
    on_granted: Callable[[str], None] = lambda id: None,
    counting: Counting = lambda event, headers: event,
    refused: Callable[[Reason], None] = nobody,
) -> list[Route]:
    """`POST choice`, `POST withdraw` and `GET state` below `prefix`; they read `scope["consent"]`.

    `later` takes the events of refusals and withdrawals that the ledger cannot record now, `on_granted` hears
    the id of each choice recorded that grants something; `counting` adds to an event, given the request's headers,
    the counters it raises; `refused` hears why a choice was answered 503.
    """
    repeats = Repeats(clock)
    choices = _Choices(
        cookie, cookies, ledger, later, rules, evidence, clock, prefix, error_page, on_granted, counting, repeats,
        refused,
    )  # fmt: skip
    return [
        Route(f"{prefix}/choice", choices.choose, methods=["POST"]),
        Route(f"{prefix}/withdraw", choices.withdraw, methods=["POST"]),
        Route(f"{prefix}/state", choices.state, methods=["GET"]),
    ]


def state_body(decision: Decision, offered: Collection[Category] = OPTIONAL) -> dict[str, object]:
    """The JSON form of a decision, as `GET state` and a choice made by JSON answer it; only what is `offered`."""
    categories = {name.value: decision.state(name).value for name in OPTIONAL if name in offered}
    return {"categories": categories, "source": decision.source.value, "rev": decision.rev}


@dataclass(frozen=True, slots=True)
class _Choices:
    cookie: ConsentCookie
    cookies: CookieFilter
    ledger: Recording
    later: Callable[[Event], None]
    rules: Rules
    evidence: Evidence
    clock: Clock
    prefix: str
    error_page: ErrorPage
    on_granted: Callable[[str], None]
    counting: Counting
    repeats: Repeats
    refused: Callable[[Reason], None]

    async def state(self, request: Request) -> Response:
        """`GET state`: what holds for this visitor."""
        return _private(JSONResponse(state_body(request.scope["consent"], self.rules.offered)))

    async def choose(self, request: Request) -> Response:
        """`POST choice`."""
        return await self._answer(request, self._chosen)

    async def withdraw(self, request: Request) -> Response:
        """`POST withdraw`: the given categories, or all."""
        return await self._answer(request, self._withdrawn)

    async def _answer(self, request: Request, read: Callable[[_Post], Act]) -> Response:
        wants_json = request.headers.get("content-type", "").startswith("application/json")
        try:
            require_own_page(request)
            form = await read_form(request)
            wants_json = form.json
            post = _Post.of(request, form, self.clock())
            return await self._settle(post, read(post))
        except FormError as error:
            return self._refuse(request, wants_json, error)

    def _chosen(self, post: _Post) -> Act:
        action = post.form.one("action")
        if action not in ACTIONS:
            raise FormError(400, f"action {_named(action)}: expected {', '.join(ACTIONS)}")
        named = _categories(post.form)
        asked = {"accept": self.rules.offered, "save": named & self.rules.offered}.get(
            str(action), frozenset()
        )
        if asked and _revision(post.form) != self.rules.notice.rev:
            raise FormError(409, "rev: the notice has changed; nothing was saved")
        from_settings = post.interface.surface == "settings"
        wanted = asked - self.rules.sharing if post.gpc and not from_settings else asked
        if post.interface.surface == "embed" and asked:
            return add(wanted, post.decision, self.rules, post.today, new_id=self.cookie.new_id)
        return choose(
            wanted,
            post.decision,
            self.rules,
            post.today,
            override=post.gpc and from_settings,
            new_id=self.cookie.new_id,
            partial=action == "save" and post.form.one("surface") in _FIRST_LAYER,
        )

    def _withdrawn(self, post: _Post) -> Act:
        named = _categories(post.form)
        if Category.NECESSARY in named:
            raise FormError(400, "category 'necessary': cannot be refused")
        if post.interface.surface == "gpc":
            return withdraw_by_signal(named or self.rules.sharing, post.decision, self.rules, post.today)
        return withdraw(named or frozenset(OPTIONAL), post.decision, self.rules, post.today)

    async def _settle(self, post: _Post, act: Act) -> Response:
        """Grants wait for the record; what takes away holds whatever becomes of the record."""
        if act.after == act.before:
            return self._done(post, act.after)
        try:
            event = self._event(post, act)
            await self.repeats.once(act.before.id, (act.before, act.after), self.ledger.append(event))
        except LedgerError as error:
            return self._unrecorded(post, act, Reason.QUEUE if isinstance(error, LedgerBusy) else Reason.RECORD)
        if act.grants:
            self.on_granted(act.after.id)
        return self._done(post, act.after)

    def _unrecorded(self, post: _Post, act: Act, reason: Reason) -> Response:
        lasting = act.less(post.today) if act.grants else act
        if lasting is not None:
            self.later(self._event(post, lasting))
            if act.after.granted <= act.before.granted:
                return self._done(post, lasting.after)
        self.refused(reason)
        error = FormError(503, "the record cannot be written: nothing was granted, please try again later")
        response = self._refuse(post.request, post.form.json, error)
        return self._stored(response, post, lasting.after) if lasting is not None else response

    def _event(self, post: _Post, act: Act) -> Event:
        kind = Kind.GPC if post.interface.surface == "gpc" and act.kind is Kind.WITHDRAW else act.kind
        subject = "" if kind is Kind.REFUSE else act.subject
        event = self.evidence.event(
            kind, act.after, subject, post.interface, now=post.now, gpc=post.gpc or kind is Kind.GPC
        )
        return self.counting(event, post.request.scope["headers"])

    def _done(self, post: _Post, choice: Choice) -> Response:
        response: Response
        if post.form.json:
            response = JSONResponse(state_body(self._decided(post, choice), self.rules.offered))
        else:
            response = RedirectResponse(self._return(post), 303)
        return self._stored(_private(response), post, choice)

    def _decided(self, post: _Post, choice: Choice) -> Decision:
        return decide(choice, post.signals, self.rules, post.today)

    def _stored(self, response: Response, post: _Post, choice: Choice) -> Response:
        return ChoiceCookies(self.cookie, self.cookies, self.rules).stored(response, post.request, choice, post.today)

    def _return(self, post: _Post) -> str:
        """The way back. One who came without any cookie is told there if the new one does not arrive (R-104)."""
        if "return" not in post.form.fields:
            return f"{self.prefix}/?set=1"
        path = local_path(post.form.one("return")) or f"{self.prefix}/"
        bare = post.form.one("surface") == "nojs" and not get_all(post.request.scope["headers"], b"cookie")
        return path + LOST if bare and "#" not in path else path

    def _refuse(self, request: Request, wants_json: bool, error: FormError) -> Response:
        if wants_json:
            return _private(JSONResponse({"error": error.message}, error.status))
        return _private(self.error_page(request, error.status, error.message))


@dataclass(frozen=True, slots=True)
class _Post:
    request: Request
    form: Form
    interface: Interface
    signals: Signals
    decision: Decision
    now: float

    @classmethod
    def of(cls, request: Request, form: Form, now: float) -> _Post:
        told = (form.one(name) for name in ("locale", "layout", "surface", "page"))
        interface = Interface.of(*told, locales=LOCALES)
        signals = Signals.from_headers(request.scope["headers"])
        return cls(request, form, interface, signals, request.scope["consent"], now)

    @property
    def today(self) -> int:
        return int(self.now // 86_400)

    @property
    def gpc(self) -> bool:
        """Whether the signal is on: in a header, or in the form where only a script could see it (R-76)."""
        return self.signals.gpc or self.form.one("gpc") in ("1", 1)


def _categories(form: Form) -> frozenset[Category]:
    named = set()
    for value in form.all("category"):
        try:
            named.add(Category(value))  # type: ignore[arg-type]
        except ValueError:
            raise FormError(400, f"category {_named(value)}: expected {', '.join(Category)}") from None
    return frozenset(named)


def _revision(form: Form) -> int | None:
    value = form.one("rev")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if type(value) is int else None


def _named(value: object) -> str:
    return "missing" if value is None else ascii(value)[:60]


def _private(response: Response) -> Response:
    response.headers["cache-control"] = "no-store"
    response.headers["x-content-type-options"] = "nosniff"
    return response
