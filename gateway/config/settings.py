"""The settings: one table of structs with default and meaning. The defaults alone are a valid configuration.

`load_settings` fills them; nothing else reads the file or the environment. Each field's `Meta` holds its
meaning (for `check`, the README and editors) and, where the type is not enough, the check of its value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from gateway.config import checks
from gateway.config.keys import Secret
from gateway.model.ad_features import AD_FEATURES, REVIEWED
from gateway.model.categories import Category
from gateway.model.click_ids import CLICK_IDS

MOST_DAYS = 398
"""Days a choice may count: its cookie lives one more, and browsers keep none for 400 (RFC 6265bis, 5.5)."""

Upstream: TypeAlias = Annotated[str, Meta(extra={"check": checks.UPSTREAM})]
Page: TypeAlias = Annotated[str, Meta(extra={"check": checks.PAGE})]
PushUrl: TypeAlias = Annotated[str, Meta(extra={"check": checks.PUSH})]
Prefix: TypeAlias = Annotated[str, Meta(extra={"check": checks.PREFIX})]
ScopeOf: TypeAlias = Annotated[str, Meta(extra={"check": checks.SCOPE})]
Parameter: TypeAlias = Annotated[str, Meta(extra={"check": checks.PARAMETER})]
PathStart: TypeAlias = Annotated[str, Meta(extra={"check": checks.PATH})]
Logo: TypeAlias = Annotated[str, Meta(extra={"check": checks.LOGO})]
Host: TypeAlias = Annotated[str, Meta(extra={"check": checks.HOST})]
ServiceHost: TypeAlias = Annotated[str, Meta(extra={"check": checks.SERVICE_HOST})]
ServiceUrl: TypeAlias = Annotated[str, Meta(extra={"check": checks.SERVICE_URL})]
Network: TypeAlias = Annotated[str, Meta(extra={"check": checks.NETWORK})]
Day: TypeAlias = Annotated[str, Meta(extra={"check": checks.DATE})]
Mark: TypeAlias = Annotated[str, Meta(extra={"check": checks.MARK})]
Database: TypeAlias = Annotated[str, Meta(extra={"check": checks.DATABASE})]
Word: TypeAlias = Annotated[str, Meta(extra={"check": checks.WORD})]
Feature: TypeAlias = Annotated[str, Meta(extra={"check": checks.FEATURE})]
Revision: TypeAlias = Annotated[int, Meta(ge=1)]
Days: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_DAYS)]


class PolicyRevision(Struct, frozen=True, kw_only=True):
    """`[[policy.revisions]]`: a notice that was or is in force."""

    rev: Annotated[Revision, Meta(description="its number")]
    date: Annotated[Day, Meta(description="when it came into force")] = ""
    material: Annotated[
        tuple[Category, ...], Meta(description="categories whose earlier yes it makes void")
    ] = ()
    changes: Annotated[str, Meta(description="what changed, for the change log")] = ""


class PolicyTexts(Struct, frozen=True, kw_only=True):
    """`[policy.texts.zh-Hant]` and `[policy.texts.en]`: sentences of the shop's own in the notice."""

    necessary: Annotated[str, Meta(description="more about the purpose of necessary data")] = ""
    preferences: Annotated[str, Meta(description="more about the purpose of preferences")] = ""
    statistics: Annotated[str, Meta(description="more about the purpose of statistics")] = ""
    marketing: Annotated[str, Meta(description="more about the purpose of marketing")] = ""
    newsletters: Annotated[str, Meta(description="where newsletters and calls are stopped")] = ""
    more: Annotated[str, Meta(description="what else visitors should know")] = ""


class PolicyLanguages(Struct, frozen=True, kw_only=True, rename={"zh_hant": "zh-Hant"}):
    """`[policy.texts]`: both languages have the same sentences."""

    zh_hant: PolicyTexts = PolicyTexts()
    en: PolicyTexts = PolicyTexts()

    def of(self, locale: str) -> PolicyTexts:
        """The sentences of one of the two languages."""
        return self.en if locale == "en" else self.zh_hant


class Policy(Struct, frozen=True, kw_only=True):
    """`[policy]`: the notice in force."""

    rev: Annotated[Revision, Meta(description="revision of the notice; raise it when it changes")] = 1
    date: Annotated[Day, Meta(description="date of that revision")] = ""
    purposes: Annotated[tuple[Word, ...], Meta(description="codes of the declared purposes")] = (
        "040",
        "090",
        "148",
        "157",
    )
    regions: Annotated[tuple[Word, ...], Meta(description="where data may be used")] = ("TW",)
    grant_days: Annotated[Days, Meta(description="how long a yes counts")] = 185
    refusal_days: Annotated[Days, Meta(description="how long a no is remembered")] = 366
    revisions: Annotated[tuple[PolicyRevision, ...], Meta(description="all of them, for the change log")] = ()
    texts: PolicyLanguages = PolicyLanguages()


class Controller(Struct, frozen=True, kw_only=True):
    """`[controller]`: who answers for the shop."""

    name: Annotated[str, Meta(description="legal name, shown to visitors")] = ""
    contact: Annotated[str, Meta(description="how visitors reach customer service")] = ""


class Stats(Struct, frozen=True, kw_only=True):
    """`[stats]`."""

    period: Annotated[Literal["day", "week", "month"], Meta(description="base period of the statistics")] = (
        "week"
    )
    push: Annotated[PushUrl, Meta(description="where what is told is sent on to, as signed JSON lines")] = ""


class Csp(Struct, frozen=True, kw_only=True):
    """`[csp]`: the second wall, a content security policy of our own beside the shop's."""

    mode: Annotated[
        Literal["enforce", "report", "off"] | None,
        Meta(description="report for the days before; without it: enforce where unknown ones are blocked, else off"),
    ] = None
    connect: Annotated[bool, Meta(description="limit fetch, beacons and WebSockets too")] = False
    longest: Annotated[
        int, Meta(ge=2000, description="bytes of the policy; your proxy must take it with all other headers")
    ] = 3000


class BannerLook(Struct, frozen=True, kw_only=True):
    """`[banner]`: where the first layer stands on screens of 560 px and more; its buttons stay the same.

    The `logo` is on our own pages only: the question itself comes without pictures.
    """

    layout: Annotated[
        Literal["bar", "box", "dialog"],
        Meta(description="along an edge, in a corner, or in the middle without covering the page"),
    ] = "bar"
    position: Annotated[Literal["bottom", "top"], Meta(description="which edge; a dialog is in the middle")] = "bottom"
    logo: Annotated[Logo | None, Meta(description="path of a picture on your site, for our own pages")] = None


class EvidenceHold(Struct, frozen=True, kw_only=True):
    """`[evidence_hold]`: evidence is kept beyond its time, for a stated reason and until a stated day."""

    reason: Annotated[Word, Meta(description="why, shown to the visitor who asks")]
    until: Annotated[Day, Meta(description="the day it ends")]


class CookieEntry(Struct, frozen=True, kw_only=True):
    """`[[cookies]]`: a cookie of the shop's own; wins over everything the gateway knows about its name."""

    name: Annotated[Word, Meta(description="name, or a pattern with *")]
    category: Annotated[Category, Meta(description="its category")]
    code: Annotated[Word | None, Meta(description="code of the purpose it serves")] = None
    days: Annotated[Days | None, Meta(description="the longest it may live")] = None
    domain: Annotated[Host | None, Meta(description="its Domain, to expire it there too")] = None
    path: Annotated[PathStart | None, Meta(description="its Path, to expire it there too")] = None


class ServiceEntry(Struct, frozen=True, kw_only=True):
    """`[[services]]`: an `id` of the catalogue is enough, further fields override; None keeps.

    A service the catalogue does not know needs `category` and one of `hosts`, `urls`, `marks`, `cookies`.
    """

    id: Annotated[Word, Meta(description="id in the catalogue, or a new one")]
    name: Annotated[Word | None, Meta(description="name shown to visitors")] = None
    category: Annotated[Category | None, Meta(description="the category that opens it")] = None
    vendor: Annotated[str | None, Meta(description="the company behind it")] = None
    hosts: Annotated[tuple[Word, ...] | None, Meta(description="its hosts with subdomains; =host: one")] = (
        None
    )
    urls: Annotated[tuple[ServiceUrl, ...] | None, Meta(description="host/path or /path patterns")] = None
    marks: Annotated[tuple[Mark, ...] | None, Meta(description="patterns of its inline scripts")] = None
    cookies: Annotated[tuple[Word, ...] | None, Meta(description="its cookies, with * as wildcard")] = None
    embed: Annotated[bool | None, Meta(description="content a visitor wants to see: click to load")] = None
    policy_url: Annotated[Page | None, Meta(description="its privacy policy")] = None
    code: Annotated[Word | None, Meta(description="code of the purpose it serves")] = None
    basis: Annotated[Literal["19-1-2", "19-1-5"] | None, Meta(description="ground, PDPA Art. 19(1)")] = None
    use: Annotated[Literal["a", "b", "c", "d", "f"] | None, Meta(description="use the policy names")] = None
    why: Annotated[str | None, Meta(description="why it is used, for visitors")] = None
    breaks: Annotated[str | None, Meta(description="what does not work without it")] = None
    reviewed_by: Annotated[str | None, Meta(description="who classified it")] = None
    date: Annotated[Day | None, Meta(description="when it was classified")] = None
    contract: Annotated[str | None, Meta(description="reference of the contract")] = None
    role: Annotated[str | None, Meta(description="the vendor's role, such as processor")] = None
    regions: Annotated[tuple[Word, ...] | None, Meta(description="where it handles data")] = None
    last_review: Annotated[Day | None, Meta(description="when the vendor was last checked")] = None
    separate: Annotated[bool, Meta(description="covered by no category, only by its own click")] = False
    days: Annotated[Days | None, Meta(description="the longest its cookies may live")] = None
    exempt_until: Annotated[Day | None, Meta(description="measures without consent until that day")] = None
    exempt_reason: Annotated[Word | None, Meta(description="why it may, for visitors")] = None


class FileSettings(Struct, frozen=True, kw_only=True):
    """What the configuration file may hold, top level."""

    upstream: Annotated[Upstream, Meta(description="the shop's URL")] = ""
    prefix: Annotated[Prefix, Meta(description="where the gateway's own pages are")] = "/_choices"
    scope: Annotated[
        ScopeOf, Meta(description="the shop's part of a shared host; outside it nothing is touched")
    ] = "/"
    mode: Annotated[
        Literal["enforce", "report"], Meta(description="report changes nothing and only counts")
    ] = "enforce"
    unknown: Annotated[
        Literal["block", "pass"] | None,
        Meta(description="unknown third parties; without it: pass until services are declared, then block"),
    ] = None
    strict_cookies: Annotated[bool, Meta(description="block unknown cookies of the shop too")] = False
    first_party: Annotated[tuple[Host, ...], Meta(description="further hosts of the shop's own")] = ()
    trusted_proxies: Annotated[
        tuple[Network, ...], Meta(description="whose X-Forwarded-* headers are believed")
    ] = ()
    owns_root: Annotated[bool, Meta(description="answer /.well-known/gpc.json")] = False
    dnt: Annotated[Literal["honour", "off"], Meta(description="the Do Not Track signal")] = "honour"
    click_ids: Annotated[
        tuple[Parameter, ...],
        Meta(description="query parameters taken out of addresses and links until marketing is granted"),
    ] = CLICK_IDS
    ad_features: Annotated[
        tuple[Feature, ...], Meta(description="browser features switched off until marketing is granted")
    ] = AD_FEATURES
    ad_features_reviewed: Annotated[Day, Meta(description="when that list was last compared with browsers")] = (
        REVIEWED
    )
    filter_lists: Annotated[
        tuple[Word, ...], Meta(description="paths of your own filter lists, Adblock Plus syntax; extra `filters`")
    ] = ()
    language: Annotated[
        Literal["zh-Hant", "en", "id", "ja", "ko", "th", "vi"],
        Meta(description="language when page and browser name none"),
    ] = "zh-Hant"
    opt_out_label: Annotated[
        str, Meta(description="your words for the page /do-not-sell and the link to it; empty: ours")
    ] = ""
    untouched_paths: Annotated[
        tuple[PathStart, ...], Meta(description="payment, 3-D Secure and sign-in paths: never rewritten")
    ] = ()
    policy: Policy = Policy()
    controller: Controller = Controller()
    services: tuple[ServiceEntry, ...] = ()
    cookies: tuple[CookieEntry, ...] = ()
    csp: Csp = Csp()
    banner: BannerLook = BannerLook()
    stats: Stats = Stats()
    evidence_years: Annotated[
        int, Meta(ge=1, description="years evidence is kept after the consent it proves has ended")
    ] = 5
    evidence_hold: EvidenceHold | None = None
    data: Annotated[str, Meta(description="data folder; empty: the user's own")] = ""
    database: Annotated[
        Database, Meta(description="the consent record, by its URL; empty: ledger.sqlite in the data folder")
    ] = ""


class Settings(FileSettings, frozen=True, kw_only=True):
    """Everything the gateway is told: the file, then the environment over it.

    Filled by `load_settings`: `folder` and `database` are never empty there, and `keys` holds the signing
    keys, oldest first, when they come from the environment; empty means the key in `folder`
    (`gateway.config.keys.folder_key`, made on first start). The same goes for `tag_key`, by which a person's
    entries are found: it outlives the signing keys.
    """

    folder: Path = Path("consent-gateway")
    keys: tuple[Secret, ...] = ()
    tag_key: Secret | None = None
    limits: bool = True
