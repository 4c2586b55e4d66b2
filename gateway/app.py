"""The gateway as one ASGI application: the only place that knows all parts.

The way of a request, outermost first: (neighbours of a shared host leave here) forwarding headers → decision →
click ids → the gateway's own pages or, towards the shop: cookies → second wall → headers → disguised trackers →
HTML → shop.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from gateway.config.evidence import hold, retention
from gateway.config.keys import PUSH_KEY_FILE, TAG_KEY_FILE, folder_key
from gateway.config.loading import load_settings
from gateway.config.review import review, unnamed, unnumbered
from gateway.config.settings import Settings
from gateway.counting import Counting
from gateway.edition import Edition
from gateway.endpoints import gpc
from gateway.endpoints.assets import asset_routes, load_assets
from gateway.endpoints.choice_cookies import ChoiceCookies
from gateway.endpoints.choices import choice_routes
from gateway.endpoints.csp_reports import csp_report_routes
from gateway.endpoints.embeds import embed_routes
from gateway.endpoints.head import head_routes
from gateway.endpoints.health import health_routes
from gateway.endpoints.limits import Limited
from gateway.endpoints.pages import Pages, pages_routes
from gateway.endpoints.rights import Rights, rights_routes
from gateway.enforcement.bots import is_declared_bot
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.click_ids import ClickIds
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.cookies import CookieFilter
from gateway.enforcement.csp import own_source
from gateway.enforcement.filter_lists import FilterLists
from gateway.enforcement.head import Head, make_head
from gateway.enforcement.headers import get_all
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import Kind, PagePolicy
from gateway.enforcement.passages import Memory
from gateway.enforcement.policy_headers import HeaderPolicy, Judge
from gateway.enforcement.site import is_first_party, registrable
from gateway.enforcement.url import Base
from gateway.errors import ConfigError, LedgerError
from gateway.fingerprint import fingerprint
from gateway.lease import Lease
from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.base import Ledger
from gateway.ledger.journal import FOLDER
from gateway.ledger.keeping import Keeper, Sleep
from gateway.ledger.news import is_news
from gateway.ledger.outbox import Outbox
from gateway.ledger.recording import Recorder
from gateway.lifespan import run_lifespan
from gateway.middleware.click_ids import ClickIdMiddleware
from gateway.middleware.consent import DecisionMiddleware
from gateway.middleware.cookies import CookieMiddleware
from gateway.middleware.disguise import DisguiseMiddleware
from gateway.middleware.html import HtmlMiddleware
from gateway.middleware.policy_headers import PolicyHeadersMiddleware
from gateway.middleware.report import ReportMiddleware
from gateway.middleware.rewriting import Rewriting
from gateway.middleware.split import Split
from gateway.middleware.tenant import TenantMiddleware
from gateway.model.categories import Category, Fate
from gateway.model.decision import Decision
from gateway.model.entry import Event, Value, subject_tag, tag_check, tag_key
from gateway.model.entry import Kind as EventKind
from gateway.model.tenant import Tenant
from gateway.model.withdrawals import Withdrawals
from gateway.observability.counters import uncounted
from gateway.observability.refusals import Refusals
from gateway.observability.siblings import Siblings
from gateway.proxy.forwarded import ForwardedMiddleware
from gateway.proxy.reverse import ReverseProxy
from gateway.proxy.upstream import Limits
from gateway.registry import Registry
from gateway.second_wall import behind, second_wall
from gateway.staff import Staff
from gateway.types import ASGIApp, Clock, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class Gateway:
    """An ASGI application in front of `shop`. Build it with `create_app` or `ConsentMiddleware`."""

    def __init__(
        self,
        settings: Settings,
        shop: ASGIApp,
        ledger: Ledger,
        clock: Clock,
        refusals: Refusals,
        sleep: Sleep = asyncio.sleep,
        siblings: Siblings | None = None,
    ) -> None:
        self._settings = settings
        self._siblings = siblings or Siblings()
        self._refusals = refusals
        self._signals = Lease(settings.folder / "signals.lock")
        self._rounds = Lease(settings.folder / "rounds.lock")
        self._shop = shop
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._recorder = Recorder(ledger, settings.folder / FOLDER)
        self._outbox: Outbox[Event | bytes] = Outbox(self._note)
        self._withdrawals = Withdrawals(math.inf if self._siblings.number == 1 else _FOR_A_PAGE)
        self._recent: dict[Value, None] = {}
        registry = Registry(settings)
        self._counting = Counting(settings, registry.rules, open_tallies(settings.database), clock)
        self.counters = self._counting.counters
        self._lists = FilterLists.load(settings.filter_lists) if settings.filter_lists else None
        self._keys = [key.reveal() for key in settings.keys] or [folder_key(settings.folder).reveal()]
        self._tag_key = tag_key((settings.tag_key or folder_key(settings.folder, TAG_KEY_FILE)).reveal())
        self._tenant = Tenant.of(settings.scope)
        self._click_ids = ClickIds(settings.click_ids)
        self._assets = load_assets()
        self._staff = Staff(
            settings,
            ledger,
            self._counting,
            registry,
            self._assets,
            self._keys,
            self._waiting,
            self._refusals.counts,
            clock,
            siblings=self._siblings,
            lease=self._rounds,
        )
        self._put_in_force(registry)

    def _put_in_force(self, registry: Registry) -> None:
        """All that follows from the services."""
        self._registry = registry
        self._memory = Memory()
        self._marks = InlineMarks(registry.catalogue.services, registry.catalogue.for_url)
        self._rules = self._counting.rules = registry.rules
        self._cookie = ConsentCookie(
            self._keys,
            self._tenant.name,
            self._tenant.path,
            grant_days=self._rules.grant_days,
            refusal_days=self._rules.refusal_days,
        )
        self._cookies = self._cookie_filter()
        self._edition = Edition(self._settings, registry, self._assets)
        self._archive = self._edition.archive(self._ledger)
        self._head = self._make_head()
        self._evidence = self._edition.evidence(self._tag_key)
        self._keeper = self._make_keeper()
        self._app = self._stack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif any(map(is_declared_bot, get_all(scope["headers"], b"user-agent"))):
            with uncounted():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _asset(self, name: str) -> str:
        return self._assets[name].url(self._settings.prefix)

    def _cookie_filter(self) -> CookieFilter:
        return CookieFilter(
            self._registry.catalogue.cookie_category,
            self._settings.strict_cookies,
            domains=_cookie_domains,
            owner=self._registry.catalogue.for_cookie,
            listed=self._registry.cookie_places,
            path=self._tenant.path,
            exempt_until=self._rules.exempt_until,
            grant_days=self._rules.grant_days,
            clock=self._clock,
            report=self._settings.mode == "report",
            unknown=self._counting.cookie,
        )

    def _make_head(self) -> Head:
        return make_head(
            self._registry.catalogue,
            self._assets["gd.js"].body,
            self._asset("cm.js"),
            declared=self._registry.declared,
            block_unknown=self._registry.block_unknown,
            first_party=self._settings.first_party,
            offered=self._rules.offered,
        )

    def _make_keeper(self) -> Keeper:
        return Keeper(
            self._ledger,
            clock=self._clock,
            notices=self._archive,
            texts=list(self._edition.interfaces.values()),
            tag_check=tag_check(self._tag_key),
            config=fingerprint(self._settings, (asset.body for asset in self._assets.values())),
            retention=retention(self._settings),
            hold=hold(self._settings),
            sleep=self._sleep,
            lease=self._rounds,
        )

    def _stack(self) -> ASGIApp:
        report = self._settings.mode == "report"
        app: ASGIApp
        if report:
            app = ReportMiddleware(self._shop, enforced=self._enforced, count=self._count_page)
        else:
            app = self._enforced(self._shop)
        root = (gpc.PATH,) if self._settings.owns_root and not report else ()
        app = Split(self._settings.prefix, self._own_pages(), app, also=root)
        app = ClickIdMiddleware(
            app,
            click_ids=self._click_ids,
            count=lambda name: self.counters.add("click id", "unknown", "cut"),
            report=report,
        )
        app = DecisionMiddleware(
            app,
            cookie=self._cookie,
            rules=self._rules,
            clock=self._clock,
            on_withdrawn=self._signalled,
            on_lapsed=self._counting.lapsed,
            report=report,
        )
        forwarded = ForwardedMiddleware(app, self._settings.trusted_proxies)
        if self._tenant.everything:
            return forwarded
        return TenantMiddleware(forwarded, shop=self._shop, tenant=self._tenant, resolve=forwarded.resolve)

    def _enforced(self, shop: ASGIApp) -> ASGIApp:
        wall = second_wall(self._settings, self._registry)
        rewriting = Rewriting(
            make_policy=self._page_policy,
            banner=self._edition.banner,
            head=self._head,
            language=self._settings.language,
            count=self.counters.add,
            reload=wall is not None and wall.enforced,
            displayed=self._counting.displayed,
            met=self._counting.host,
        )
        app: ASGIApp = HtmlMiddleware(
            shop,
            rewriter_for=rewriting,
            untouched=self._untouched,
            count=self._count_page,
        )
        app = DisguiseMiddleware(
            app, catalogue=self._registry.catalogue, policy_for=rewriting.policy, count=self.counters.add
        )
        app = PolicyHeadersMiddleware(app, policy_for=self._header_policies(rewriting))
        app = behind(wall, app, policy_for=rewriting.policy, make_policy=self._page_policy, untouched=self._untouched)
        return CookieMiddleware(
            app,
            cookies=self._cookies,
            count=lambda what, name: self.counters.add("cookie", self._owner(name), what),
        )

    def _untouched(self, path: str) -> bool:
        return path.startswith(self._settings.untouched_paths)

    def _count_page(self, what: str) -> None:
        self.counters.add("page", "unknown", what)

    def _count_header(self) -> None:
        """One that nobody's address made go."""
        self.counters.add("header", "unknown", Fate.REMOVE)

    def _page_policy(self, decision: Decision, host: str, scheme: str) -> PagePolicy:
        return PagePolicy(
            self._registry.catalogue,
            self._marks,
            decision.fate,
            Base(scheme, host),
            lambda other: is_first_party(other, host, self._settings.first_party),
            block_unknown=self._registry.block_unknown,
            declared=self._registry.declared,
            click_ids=self._click_ids,
            listed=self._lists,
            exempt=decision.exempt,
            memory=self._memory,
        )

    def _header_policies(self, rewriting: Rewriting) -> Callable[[Scope], HeaderPolicy | None]:
        @lru_cache(maxsize=256)
        def made(page: PagePolicy, host: bytes, handover: bool) -> HeaderPolicy:
            return HeaderPolicy(
                _judge(page, self.counters.add),
                self._count_header,
                marketing=page.category(Category.MARKETING) is Fate.KEEP,
                dnt=self._rules.dnt,
                no_store=any(page.category(category) is Fate.KEEP for category in self._rules.offered),
                handover=handover,
                own="" if handover else own_source(host.decode("latin-1"), self._settings.prefix),
                features=self._settings.ad_features,
            )

        def policy_for(scope: Scope) -> HeaderPolicy | None:
            page = rewriting.policy(scope, scope["consent"])
            host = next((value for name, value in scope["headers"] if name == b"host"), b"")
            return made(page, host, self._untouched(scope["path"]))

        return policy_for

    def _own_pages(self) -> ASGIApp:
        settings = self._settings
        pages = self._edition.pages(self._ledger)

        def error_page(request: Request, status: int, message: str) -> Response:
            return pages.problem(request, status)

        routes = [
            *pages_routes(pages),
            *choice_routes(
                cookie=self._cookie,
                cookies=self._cookies,
                ledger=self._recorder,
                later=self._outbox.put,
                rules=self._rules,
                evidence=self._evidence,
                clock=self._clock,
                prefix=settings.prefix,
                error_page=error_page,
                on_granted=self._granted,
                counting=self._counting.choice,
                refused=self._refusals.note,
            ),
            *rights_routes(self._rights(pages)),
            *csp_report_routes(prefix=settings.prefix, catalogue=self._registry.catalogue, count=self.counters.add),
            *embed_routes(prefix=settings.prefix, catalogue=self._registry.catalogue),
            *asset_routes(prefix=settings.prefix, assets=self._assets.values(), made=self._head.guard.script),
            *health_routes(prefix=settings.prefix, ready=self._recorder.is_able),
            *head_routes(prefix=settings.prefix, last=self._ledger.last),
            *self._staff.routes(),
            *gpc.gpc_routes(stated_on=settings.policy.date),
        ]
        own = Starlette(routes=routes)
        return Limited(own, self._clock, error_page, self._siblings.number) if settings.limits else own

    def _rights(self, pages: Pages) -> Rights:
        return Rights(
            pages,
            ChoiceCookies(self._cookie, self._cookies, self._rules),
            self._recorder,
            ask=self._recorder.erase,
            later=self._outbox.put,
            evidence=self._evidence,
            clock=self._clock,
            hold=hold(self._settings),
            years=self._settings.evidence_years,
            refused=self._refusals.note,
        )

    async def _note(self, item: Event | bytes) -> None:
        """An event, or the tag of a subject to erase."""
        if isinstance(item, bytes):
            await self._recorder.erase(item)
        elif item.kind is EventKind.GPC and item.body["subject_tag"] not in self._recent:
            # A page and its images arrive together, at several processes: one looks and appends at a time.
            async with self._signals.briefly():
                if await self._is_news(item):
                    await self._recorder.append(item)
        else:
            await self._recorder.append(item)

    async def _is_news(self, event: Event) -> bool:
        """Of a record that cannot be read it is asked once more when the event gets there."""
        try:
            return await is_news(self._ledger, event)
        except LedgerError:
            return True

    def _owner(self, cookie: str) -> str:
        service = self._registry.catalogue.for_cookie(cookie)
        return service.id if service else "unknown"

    def _granted(self, id: str) -> None:
        """Of who granted since the start `Withdrawals` knows all; the record need not be asked, which takes time.

        One process of several knows only what it was told itself.
        """
        self._withdrawals.granted(id)
        if self._siblings.number > 1:
            return
        self._recent[subject_tag(self._tag_key, id).hex()] = None
        if len(self._recent) > _MOST_RECENT:
            del self._recent[next(iter(self._recent))]

    def _signalled(self, decision: Decision) -> None:
        event = self._evidence.gpc_event(decision, now=self._clock())
        if event is not None and decision.choice is not None and self._withdrawals.first(
            decision.choice, self._clock()
        ):
            self._outbox.put(self._counting.choice(event, []))

    def _waiting(self) -> tuple[int, int]:
        """How many events wait for the record, and how many were lost."""
        waiting, lost = self._outbox.state()
        return waiting + self._recorder.waiting, lost

    async def _open(self) -> None:
        if not self._settings.limits:
            log.warning("rate limits are off (CONSENT_GATEWAY_LIMITS)")
        try:
            await self._ledger.open()
            if await self._archive.changed():
                log.warning("configuration: %s", unnumbered(self._settings))
            await self._compare()
            await self._keeper.begin()
            await self._counting.begin()
        except LedgerError as error:
            log.error("the consent record cannot be opened; choices go to the journal until it can: %s", error)
        await self._recorder.start()
        self._keeper.start()
        self._counting.start()
        self._staff.start()

    async def _compare(self) -> None:
        """Puts in force what earlier revisions, and this one when it was first shown, said of the services."""
        revisions = [revision.rev for revision in self._settings.policy.revisions]
        named = await self._archive.named({*revisions, *(rev - 1 for rev in revisions)})
        if all(services == self._registry.declared for services in named.values()):
            return
        registry = Registry(self._settings, {self._settings.policy.rev: self._registry.declared or (), **named})
        if registry.unnamed:
            log.warning("configuration: %s", unnamed(self._settings, registry.unnamed))
        if registry.unnamed or registry.rules != self._rules:
            self._put_in_force(registry)

    async def _close(self) -> None:
        await self._keeper.close()
        await self._counting.close()
        await self._outbox.close()
        await self._recorder.close()
        await self._staff.close()
        self._rounds.release()
        await self._ledger.close()

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The record opens before the shop starts, and is closed when the server is told that all has stopped."""
        try:
            await self._open()
        except ConfigError as error:
            log.error("not started: %s", error)
            await self._close()
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return

        async def closing(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                await self._close()
            await send(message)

        try:
            await run_lifespan(self._shop, scope, receive, closing)
        finally:
            await self._close()


_MOST_RECENT = 4096
_FOR_A_PAGE = 5.0
"""Seconds in which a page and its images arrive. A process of several hears of no grant at another: then it asks."""
_KINDS = {"rules": Kind.HINT, "report": Kind.PING, "hint": Kind.HINT, "refresh": Kind.REFRESH, "fetch": Kind.HINT}


def _cookie_domains(host: str) -> tuple[str, ...]:
    """The Domain attributes a tracker's cookie may have been set with on `host`."""
    return tuple(dict.fromkeys((host, registrable(host)))) if "." in host else ()


def _judge(page: PagePolicy, count: Callable[[str, str, str], None]) -> Judge:
    def judge(url: str, kind: str) -> bool:
        verdict = page.url(url, _KINDS.get(kind) or Kind.__members__.get(kind.upper(), Kind.IMAGE))
        if verdict.fate is not Fate.KEEP:
            count("header", verdict.service, verdict.fate)
        return verdict.fate is Fate.KEEP

    return judge


def create_app(
    settings: Settings,
    *,
    shop: ASGIApp | None = None,
    ledger: Ledger | None = None,
    clock: Clock = time.time,
    sleep: Sleep = asyncio.sleep,
    siblings: Siblings | None = None,
    limits: Limits | None = None,
) -> Gateway:
    """The gateway in front of `shop`, or of the shop at `settings.upstream`; `sleep` passes between daily rounds.

    `siblings` are the processes that serve the same socket, this one included; `limits` are those towards the shop.
    Raises ConfigError for a damaged catalogue, OSError if the data folder cannot be used.
    """
    refusals = Refusals(clock)
    return Gateway(
        settings,
        shop or ReverseProxy(settings.upstream, limits=limits, refused=refusals.note),
        ledger or open_ledger(settings.database, clock, settings.folder),
        clock,
        refusals,
        sleep,
        siblings,
    )


def make_keys(settings: Settings) -> None:
    """The keys that the gateway would make in the data folder at its first start. Raises OSError, ValueError."""
    if not settings.keys:
        folder_key(settings.folder)
    if not settings.tag_key:
        folder_key(settings.folder, TAG_KEY_FILE)
    if settings.stats.push:
        folder_key(settings.folder, PUSH_KEY_FILE)


def say_what_is_missing(settings: Settings) -> None:
    """What `check` would report of a usable configuration, as warnings in the log."""
    found = review(settings, load_catalogue(), date.today())
    for problem in (*found.gaps, *found.warnings):
        log.warning("configuration: %s", problem)


class ConsentMiddleware:
    """The gateway around an ASGI shop in the same process.

    `config` names the configuration file; without it the defaults and the environment hold. Raises
    ConfigError with every problem of the configuration.
    """

    def __init__(self, app: ASGIApp, config: str | os.PathLike[str] | None = None) -> None:
        path = None if config is None else Path(config)
        settings = load_settings(path, os.environ, catalogue=load_catalogue())
        say_what_is_missing(settings)
        self._gateway = create_app(settings, shop=app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._gateway(scope, receive, send)
