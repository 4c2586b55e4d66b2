"""The third wall: what the guard script of a page has to know, and which of its variants a page gets.

The script (`static/consent-banner/guard.js`) stops first-party code from writing cookies of services that are not
allowed and from calling their hosts. It is sent with the rules of few services only: those of the configuration
and those seen on this host; in a trial also the most common ones, since a tag manager's followers never show up
in a page. Which these are is part of its address, so every process answers for the addresses of every other; it
names them by their place in the catalogue, for names of trackers in an address are what content blockers look for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property, lru_cache
from hashlib import sha256
from html import escape

from gateway.enforcement.site import registrable
from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.decision import Decision
from gateway.model.pattern import Pattern
from gateway.model.service import Service

COMMON = (
    "criteo", "criteo-onetag", "google-ads", "google-adsense", "google-analytics", "google-doubleclick",
    "google-tag-manager", "hotjar", "line-tag", "linkedin-insight", "meta-pixel", "microsoft-advertising",
    "microsoft-clarity", "pinterest-tag", "tiktok-pixel",
)  # fmt: skip
"""The services a trial guards against on the first page of a host already."""

UNDECLARED = "undeclared"
"""The group of services that no choice opens: the shop has declared others, but not them."""

_FORWARDS = "JSON.parse([...document.currentScript.dataset.known].reverse().join(''))"
_MOST_HOSTS = 256
_MOST_SEEN = 48
_Owner = tuple[str, str]
"""The id of a service, and what opens it."""
_Rows = dict[str, _Owner]


class SeenServices:
    """Which services were taken out of the pages of each host; bounded, the host unseen longest goes first."""

    def __init__(self) -> None:
        self._hosts: dict[str, tuple[str, ...]] = {}

    def of(self, host: str) -> tuple[str, ...]:
        """The ids seen on `host`, sorted."""
        return self._hosts.get(host, ())

    def add(self, host: str, ids: Iterable[str]) -> None:
        """Remember `ids` for `host`, as far as there is room."""
        before = self._hosts.pop(host, ())
        new = sorted({*before, *ids})
        self._hosts[host] = tuple(new) if len(new) <= _MOST_SEEN else before
        if len(self._hosts) > _MOST_HOSTS:
            del self._hosts[next(iter(self._hosts))]


class Guard:
    """The guard scripts of one shop.

    `code` is the script as an expression that takes the rules; `declared` and `block_unknown` say what is
    enforced, as for a `PagePolicy`; `first_party` are further hosts of the shop's own, `offered` the categories
    with something to decide.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        code: bytes,
        *,
        declared: Collection[str] | None = None,
        block_unknown: bool = False,
        first_party: Iterable[str] = (),
        offered: Collection[Category] = OPTIONAL,
    ) -> None:
        self._catalogue = catalogue
        self._code = code
        self._declared = declared
        self._trial = declared is None and not block_unknown
        self._first_party = tuple(first_party)
        self._offered = offered
        always = [service.id for service in catalogue.services if service.origin == "configuration"]
        self._always = frozenset(always if declared is not None else (*always, *COMMON)) & catalogue.by_id.keys()
        self._learnable = frozenset(catalogue.by_id) - self._always
        self._places = {service.id: place for place, service in enumerate(catalogue.services)}
        self._version = sha256(code + repr((self._always, declared, catalogue.services)).encode()).digest()
        self._seen = SeenServices()
        self._address = lru_cache(maxsize=256)(self._address_of)
        self._elements = lru_cache(maxsize=256)(self._element)
        self._inside = lru_cache(maxsize=32)(self._inside_of)

    def learn(self, host: str, ids: Iterable[str]) -> None:
        """Services were taken out of a page of `host`."""
        if new := self._learnable.intersection(ids).difference(self._seen.of(host)):
            self._seen.add(host, new)

    def known(self, seen: Iterable[str]) -> frozenset[str]:
        """The ids of the services a page knows whose host has those `seen`."""
        return self._always.union(seen)

    def tag(self, decision: Decision, host: str, folder: str, nonce: str = "", *, inline: bool = False) -> bytes:
        """The script element for a page of `host`; nothing where all is granted or nothing is known.

        `folder` is the address the script's file name is put behind; an `inline` one holds the code itself, which
        spares a first page the way there and back, and the next ones nothing. What was refused stays closed as long
        as the page lives; what was not decided may open.
        """
        ids = self._seen.of(host)
        if not ids and not self._always:
            return b""
        make = self._element if nonce else self._elements
        return make((decision.preferences, decision.statistics, decision.marketing), host, ids, folder, nonce, inline)

    def _element(
        self, held: tuple[State, State, State], host: str, ids: tuple[str, ...], folder: str, nonce: str, inline: bool
    ) -> bytes:
        states = dict(zip(OPTIONAL, held, strict=True))
        if all(states[category] is State.GRANTED for category in self._offered):
            return b""
        shut = [category for category in OPTIONAL if states[category] is State.REFUSED]
        wait = [category for category in OPTIONAL if states[category] is State.UNSET]
        own = dict.fromkeys((registrable(host), *self._first_party))
        nonced = f' nonce="{escape(nonce)}"' if nonce else ""
        data = (
            f' data-shut="{" ".join([*shut, UNDECLARED])}" data-wait="{" ".join(wait)}"'
            f' data-own="{escape(" ".join(own))}"'
        )
        source, inside = ("", self._inside(ids)) if inline else (f' src="{folder}{self._address(ids)}"', ">")
        return f"<script{nonced}{source}{data}{inside}</script>".encode("ascii", "xmlcharrefreplace")

    def script(self, file: str, query: str) -> bytes | None:
        """The body of the script at `FILE?QUERY`; None for an address that no `tag` has given out."""
        places = query.split("+") if query else []
        services = self._catalogue.services
        if file != self._named(query) or not all(p.isdecimal() and int(p) < len(services) for p in places):
            return None
        return self._code + b"(" + self._rules(services[int(place)].id for place in places).encode() + b")"

    def _rules(self, ids: Iterable[str]) -> str:
        """JSON in ASCII: the rules of the services a page knows whose host has seen `ids`."""
        known = self.known(ids)
        services = tuple(service for service in self._catalogue.services if service.id in known)
        urls, names = self._urls(services), self._names(services)
        owners = list(dict.fromkeys((*urls.values(), *names.values())))
        numbers = {owner: number for number, owner in enumerate(owners)}
        data = {
            "owners": owners,
            "urls": {rule: numbers[owner] for rule, owner in urls.items()},
            "names": {name: numbers[owner] for name, owner in names.items()},
        }
        return json.dumps(data, separators=(",", ":"))

    def _inside_of(self, ids: tuple[str, ...]) -> str:
        """What stands in an element without an address: its rules as an attribute's value, and the code.

        The rules are written backwards, so that who looks for a tracker's name in the page (a second gateway, a content
        blocker, an auditor) finds those that are there.
        """
        rules = re.sub("[&'<]", lambda found: f"\\u{ord(found[0]):04x}", self._rules(ids))
        return f" data-known='{rules[::-1]}'>{self._code.decode()}({_FORWARDS})"

    def _address_of(self, ids: tuple[str, ...]) -> str:
        return self.file(ids) + (f"?{self._query(ids)}" if ids else "")

    def file(self, ids: tuple[str, ...]) -> str:
        """The name of the script that knows of `ids` too."""
        return self._named(self._query(ids))

    def _named(self, query: str) -> str:
        return f"gd.{sha256(self._version + query.encode()).hexdigest()[:12]}.js"

    def _query(self, ids: Iterable[str]) -> str:
        return "+".join(str(self._places[name]) for name in ids)

    def _owner(self, service: Service) -> _Owner:
        """A service is opened by its category, by nothing (`UNDECLARED`), or never closed (`necessary`)."""
        if service.category is Category.NECESSARY or (self._trial and not service.in_trial):
            return service.id, Category.NECESSARY
        undeclared = self._declared is not None and service.id not in self._declared
        return service.id, UNDECLARED if undeclared and service.origin != "configuration" else service.category

    @cached_property
    def _sites(self) -> Mapping[str, list[tuple[str, Service]]]:
        """All rules of the catalogue by the site they speak of, "" for paths on any host."""
        sites: dict[str, list[tuple[str, Service]]] = {}
        for service in self._catalogue.services:
            for rule in (*service.hosts, *service.urls):
                host = rule.lower().removeprefix("=").partition("/")[0]
                row = rule.lower(), self._catalogue.as_seen_at(host, service)
                sites.setdefault(registrable(host) if host else "", []).append(row)
        return sites

    def _urls(self, services: Collection[Service]) -> _Rows:
        """Rule -> owner, the first that fits decides: those of `services`, and what makes exceptions to them."""
        ids = {service.id for service in services}
        rules: list[tuple[str, Service]] = []
        for site, rows in self._sites.items():
            concerned = [rule for rule, service in rows if service.id in ids]
            rules += [(r, s) for r, s in rows if s.id in ids or (site and _touches(r, concerned))]
        urls: _Rows = {}
        for rule, service in sorted(rules, key=lambda row: _precedence(row[0])):
            urls.setdefault(rule, self._owner(service))
        return urls

    def _names(self, services: Iterable[Service]) -> _Rows:
        """Name or wildcard of a cookie -> owner, the first that fits decides; safe names are `necessary`."""
        concerned = {name for service in services for name in service.cookies}
        heads = tuple(name.partition("*")[0] for name in concerned if "*" in name)
        own: list[tuple[str, _Owner]] = []
        others: list[tuple[str, _Owner]] = []
        for service in self._catalogue.services:
            rows = own if service.origin == "configuration" else others
            owner = self._owner(service)
            rows += [(name, owner) for name in service.cookies if name in concerned or name.startswith(heads)]
        safe = [
            (name, ("", str(Category.NECESSARY)))
            for name in self._catalogue.safe_cookies
            if name.startswith(heads) or any(_fits(other, name) for other in concerned)
        ]
        names: _Rows = {}
        for rows in (own, safe, others):
            for name, owner in sorted(rows, key=lambda row: _specific(row[0])):
                names.setdefault(name, owner)
        return names


def _precedence(rule: str) -> tuple[int, int, bool]:
    """The order in which `Catalogue.for_url` lets rules decide."""
    host, _, path = rule.partition("/")
    if host and "/" in rule:
        return 0, -len(host) - Pattern("/" + path).weight, False
    return (2, -len(host.removeprefix("=")), not host.startswith("=")) if host else (1, -Pattern(rule).weight, False)


def _specific(name: str) -> tuple[bool, int, int]:
    """The order in which `Catalogue.for_cookie` lets names decide."""
    pattern = Pattern(name)
    return "*" in name, -len(pattern.head), -pattern.weight


def _fits(name: str, wildcard: str) -> bool:
    """Whether some cookie of `name` fits `wildcard` too, as far as the beginning tells."""
    head, star, _ = wildcard.partition("*")
    return name.startswith(head) if star else name == wildcard


def _touches(rule: str, others: Iterable[str]) -> bool:
    """Whether some address could fit both `rule` and one of `others`; sometimes true where none could."""
    host, slash, path = rule.removeprefix("=").partition("/")
    for other in others:
        other_host, other_slash, other_path = other.removeprefix("=").partition("/")
        if other_slash:
            heads = path.partition("*")[0], other_path.partition("*")[0]
            same_path = slash and (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0]))
            if same_path and (_below(host, other_host) or _below(other_host, host)):
                return True
        elif _below(host, other_host) or (slash and _below(other_host, host)):
            return True
    return False


def _below(host: str, name: str) -> bool:
    return f".{host}".endswith(f".{name}")
