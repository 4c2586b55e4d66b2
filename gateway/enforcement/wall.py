"""The second wall: a policy of our own, built from the visitor's choice, that the browser enforces.

Scripts put in by scripts (a tag manager's) are not in the HTML. The policy lists by host who may bring scripts,
frames, objects and workers: the shop's own site, declared services whose category is granted, declared necessary
ones, and the necessary ones of `COMMON`. It is sent beside the shop's policy: two policies intersect.

It says everything in `default-src`, which scripts, frames, objects and workers fall back to (CSP Level 3, 6.8.3),
so the list goes over the wire once; images, styles, fonts, media, manifests and, unless configured, connections
are opened again, for a list of hosts would block harmless unknown ones. Inline code keeps running
(`'unsafe-inline'`, no nonce and no hash, which would switch that off): whose it is, the rewriter judges.

Where hosts and paths cannot say what the rules say:

- A closed host of a more intrusive category below an open one (`analytics.` of a video site): the open one is
  listed without its subdomains, but for `www.`. One of the same or a less intrusive category comes along.
- A pattern with a wildcard, or the mere beginning of a path, becomes its folder, unless a closed rule of a more
  intrusive category lies in there.
- What no category covers loads by its own click, and only as a frame: it stands in a `frame-src` of its own.
- Paths and queries on a host that is open as a whole, and paths known on any host, cannot be told apart: there the
  rewriter is the only wall.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.site import is_first_party, registrable
from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category, Fate
from gateway.model.service import Service
from gateway.types import RawHeaders

COMMON: Final = (
    # libraries
    "ajax.googleapis.com", "cdn.jsdelivr.net", "cdnjs.cloudflare.com", "unpkg.com", "code.jquery.com",
    "*.bootstrapcdn.com", "*.fontawesome.com", "use.typekit.net", "www.gstatic.com/firebasejs/",
    # checks against robots
    "www.gstatic.com/recaptcha/", "www.recaptcha.net", "hcaptcha.com", "*.hcaptcha.com", "challenges.cloudflare.com",
    # payment
    "*.stripe.com", "*.stripe.network", "www.paypal.com", "c.paypal.com", "www.paypalobjects.com",
    "*.braintreegateway.com", "pay.google.com", "applepay.cdn-apple.com", "*.payments-amazon.com", "*.klarna.com",
    "*.klarnacdn.net", "*.adyen.com", "*.cardinalcommerce.com", "*.tappaysdk.com", "*.ecpay.com.tw",
    "*.newebpay.com", "pay.line.me", "web-pay.line.me", "*.jkopay.com",
    # sign-in
    "accounts.google.com", "appleid.cdn-apple.com", "access.line.me", "static.line-scdn.net",
)  # fmt: skip
"""Necessary services of the catalogue that need not be declared: all of them would be a header of 17 kB."""
REPORT_PATH: Final = "/csp-report"

_GROUP: Final = "consent"
_EVERYONE: Final = "* data: blob:"
_OPENED: Final = (
    f"; img-src {_EVERYONE}; style-src {_EVERYONE} 'unsafe-inline'; font-src {_EVERYONE}"
    f"; media-src {_EVERYONE} mediastream: filesystem:; manifest-src {_EVERYONE}"
)
_CONNECT: Final = f"; connect-src {_EVERYONE} ws: wss:"
_INLINE: Final = "'unsafe-inline' 'unsafe-eval' data: blob:"
_HOST: Final = re.compile(r"[a-z0-9._-]+")
_PATH: Final = "/:@!$&'()*+=~%"
_RANK: Final = {category: rank for rank, category in enumerate(Category)}


class Rule(NamedTuple):
    """What one service is known by: a host, with its subdomains unless `exact`, and a path or "" for all of it."""

    host: str
    exact: bool
    path: str
    service: Service


class Place(NamedTuple):
    """What a source names: a host, `*.` before it for those below, and a path or "" for all of it."""

    host: str
    path: str = ""


_COMMON: Final = tuple(Place(host, slash + path) for host, slash, path in (s.partition("/") for s in COMMON))


class Wall:
    """The headers of the second wall, one text per state of consent and site.

    `services` are the declared ones; without a list (None) what is granted is the whole catalogue, which no header
    can hold, so there is a wall only while nothing is granted. `connect` limits connections too. The policy has at most
    `longest` bytes: nginx takes 4 or 8 kB for all headers of an answer unless told otherwise.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        services: Sequence[Service] | None,
        first_party: Sequence[str] = (),
        *,
        prefix: str = "/_choices",
        connect: bool = False,
        longest: int = 3_000,
        report_only: bool = False,
    ) -> None:
        self._catalogue = catalogue
        self._services = services
        self._frames = " ".join(_clicked(services or ()))
        self._first_party = first_party
        self._report = prefix + REPORT_PATH
        self._reports = f"; report-uri {self._report}; report-to {_GROUP}"
        self._connect = connect
        self._longest = longest
        self.enforced = not report_only
        self._name = b"content-security-policy" + b"-report-only" * report_only
        self._rules = tuple(self._winning_rules())
        self._listed: dict[tuple[Fate, ...], tuple[str, ...]] = {}
        self._headers: WeakKeyDictionary[PagePolicy, RawHeaders] = WeakKeyDictionary()

    def headers(self, page: PagePolicy) -> RawHeaders:
        """The lines to add to an answer under the rules of `page`; none where there is no wall."""
        found = self._headers.get(page)
        if found is None:
            found = self._headers[page] = self._build(page)
        return found

    def left_out(self, page: PagePolicy) -> tuple[str, ...]:
        """What of the open services did not fit into the header."""
        sources = self._sources(page)
        return sources[len(_fitting(sources, self._room(self._own(page.page.host)))) :]

    def needed(self, page: PagePolicy) -> int:
        """How many bytes the policy has if everything fits: a `longest` to choose."""
        return len(self._policy([*self._own(page.page.host), *self._sources(page)])) + len(self._reports)

    def _build(self, page: PagePolicy) -> RawHeaders:
        if self._services is None and any(page.category(category) is Fate.KEEP for category in OPTIONAL):
            return []
        own = self._own(page.page.host)
        policy = self._policy([*own, *_fitting(self._sources(page), self._room(own))])
        policy += f"; report-uri {self._report}"
        if page.page.scheme != "https":
            # Chromium ignores report-uri beside report-to, and endpoints that do not come over TLS.
            return [(self._name, policy.encode())]
        endpoint = f'{_GROUP}="{self._report}"'
        policy += f"; report-to {_GROUP}"
        return [(self._name, policy.encode()), (b"reporting-endpoints", endpoint.encode())]

    def _policy(self, sources: Iterable[str]) -> str:
        listed = " ".join(sources)
        frames = f"; frame-src {listed} data: blob: {self._frames}" if self._frames else ""
        return f"default-src {listed} {_INLINE}{_OPENED}{frames}{'' if self._connect else _CONNECT}"

    def _room(self, own: Sequence[str]) -> int:
        room = self._longest - len(self._policy(own)) - len(self._reports)
        return room // 2 if self._frames else room

    def _own(self, host: str) -> tuple[str, ...]:
        """The shop's own site, port-blind as the rewriter is."""
        names = [name for name in (registrable(host), *self._first_party) if _HOST.fullmatch(name)]
        below = [f"*.{name}" for name in names if is_first_party(f"x.{name}", host, self._first_party)]
        return tuple(dict.fromkeys(["'self'", *map(_source, (*names, *below))]))

    def _sources(self, page: PagePolicy) -> tuple[str, ...]:
        state = tuple(page.category(category) for category in Category)
        found = self._listed.get(state)
        if found is None:
            found = self._listed[state] = tuple(_source(*place) for place in self._places(page))
        return found

    def _places(self, page: PagePolicy) -> list[Place]:
        """Where open services live: the common ones, then the foremost place of each declared one, and so on."""
        shut = {service.id for service in self._catalogue.services if not page.opens(service)}
        closed = _Closed(rule for rule in self._rules if rule.service.id in shut)
        lists = [self._of(service, closed, page) for service in self._services or () if service.id not in shut]
        turns = (place for turn in zip_longest(*lists) for place in turn if place)
        places = dict.fromkeys([*(place for place in _COMMON if self._is_open(place, page)), *turns])
        return [place for place in places if not _covered(place, places)]

    def _is_open(self, place: Place, page: PagePolicy) -> bool:
        service = self._catalogue.for_url(place.host.removeprefix("*."), place.path or "/")
        return service is not None and page.opens(service)

    def _of(self, service: Service, closed: _Closed, page: PagePolicy) -> list[Place]:
        """The places of one service: whole hosts and scripts first, what lies below a subdomain last."""
        found = [(place, rule) for rule in rules_of(service) for place in self._opened(rule, closed, page)]
        found.sort(key=lambda pair: (_is_deep(pair[0]), bool(pair[1].path) and ".js" not in pair[1].path))
        return [place for place, _ in found]

    def _opened(self, rule: Rule, closed: _Closed, page: PagePolicy) -> Iterator[Place]:
        host, rank = rule.host, _RANK[rule.service.category]
        if not _HOST.fullmatch(host):
            return
        if rule.path:
            for path in _paths(rule.path, lambda folder: closed.in_folder(host, folder) > rank):
                yield Place(host, path)
                if not rule.exact:
                    yield Place(f"*.{host}", path)
        elif self._is_open(Place(host), page):
            yield Place(host)
            if not rule.exact:
                yield Place(f"*.{host}" if closed.below(host) <= rank else f"www.{host}")

    def _winning_rules(self) -> Iterator[Rule]:
        for service in self._catalogue.services:
            for rule in rules_of(service):
                if rule.path or self._catalogue.for_url(rule.host, "/") is service:
                    yield rule


def rules_of(service: Service) -> Iterator[Rule]:
    """The hosts of a service, then its addresses that name a host; a path alone is known on any host."""
    for host in service.hosts:
        yield Rule(host.removeprefix("=").lower(), host.startswith("="), "", service)
    for url in service.urls:
        host, slash, path = url.partition("/")
        if host:
            yield Rule(host.removeprefix("=").lower(), host.startswith("="), slash + path, service)


def _clicked(services: Iterable[Service]) -> Iterator[str]:
    """The sources of services that load by their own click alone."""
    for rule in (rule for service in services if service.separate for rule in rules_of(service)):
        if _HOST.fullmatch(rule.host):
            paths = list(_paths(rule.path, lambda folder: False)) if rule.path else [""]
            yield from (_source(host, path) for path in paths for host in _names(rule))


def _names(rule: Rule) -> tuple[str, ...]:
    return (rule.host,) if rule.exact else (rule.host, f"*.{rule.host}")


class _Closed:
    """What must not be opened along with something else, as the rank of the most intrusive category; -1: nothing."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._whole: dict[str, int] = {}
        self._below: dict[str, int] = {}
        self._paths: dict[str, list[Rule]] = {}
        self._paths_below: dict[str, list[Rule]] = {}
        for rule in rules:
            rank = _RANK[rule.service.category]
            if rule.path in ("", "/"):
                self._whole[rule.host] = max(rank, self.whole(rule.host))
            else:
                self._paths.setdefault(rule.host, []).append(rule)
            for host in _parents(rule.host):
                if rule.path in ("", "/"):
                    self._below[host] = max(rank, self.below(host))
                else:
                    self._paths_below.setdefault(host, []).append(rule)

    def whole(self, host: str) -> int:
        """Of the host itself."""
        return self._whole.get(host, -1)

    def below(self, host: str) -> int:
        """Of whole hosts below `host`."""
        return self._below.get(host, -1)

    def in_folder(self, host: str, folder: str) -> int:
        """Of anything in `folder` on `host` or below it."""
        rules = [*self._paths.get(host, ()), *self._paths_below.get(host, ())]
        for parent in _parents(host):
            rules += [rule for rule in self._paths.get(parent, ()) if not rule.exact]
        inside = [_RANK[rule.service.category] for rule in rules if _meet(rule.path, folder)]
        return max([*inside, self.below(host), self.whole(host)])


def _meet(pattern: str, folder: str) -> bool:
    """Whether some address of a path pattern can lie in `folder`."""
    head = pattern.partition("*")[0].lower()
    return head.startswith(folder.lower()) or (head != pattern.lower() and folder.lower().startswith(head))


def _paths(pattern: str, is_closed: Callable[[str], bool]) -> Iterator[str]:
    """The paths of a source for a path pattern: a folder or a file, or a beginning as both."""
    path = pattern.partition("?")[0]
    head = path.partition("*")[0]
    folder = head[: head.rfind("/") + 1]
    whole = head == path
    if whole and (path == folder or path != pattern or "." in path[len(folder) :]):
        yield path
    elif not is_closed(folder):
        yield folder
    elif whole:
        yield path
        yield path + "/"


def _source(host: str, path: str = "") -> str:
    """A host-source on any port (CSP Level 3, 2.3.1); what ends a source or a directive is encoded."""
    return f"{host}:*{quote(path, safe=_PATH)}"


def _parents(host: str) -> Iterator[str]:
    while "." in host:
        host = host.partition(".")[2]
        yield host


def _fitting(sources: Sequence[str], room: int) -> Sequence[str]:
    """As many of the first sources as `room` bytes hold."""
    for place, source in enumerate(sources):
        room -= len(source) + 1
        if room < 0:
            return sources[:place]
    return sources


def _is_deep(place: Place) -> bool:
    """Whether it is about hosts below a subdomain."""
    host = place.host.removeprefix("*.")
    return host != place.host and registrable(host) != host


def _covered(place: Place, places: Collection[Place]) -> bool:
    """Whether another of `places` has it in it: a host that is open as a whole, or a folder."""
    host, path = place
    wider = [Place(f"*.{parent}") for parent in _parents(host.removeprefix("*."))]
    wider += [Place(host, path[:end]) for end in range(len(path)) if not end or path[end - 1] == "/"]
    return any(other in places for other in wider)
