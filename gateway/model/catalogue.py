"""The catalogue: which service a URL, a path or a cookie belongs to.

Everything is indexed once, so a lookup costs the labels of the host and not the number of services.
Where two services claim the same thing the earlier one wins: pass the configuration's before the shipped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gateway.model.categories import Category
from gateway.model.pattern import Pattern
from gateway.model.service import Service

_KEY = 4  # characters of a path pattern, from its slash on, that the index of those with `*` is keyed by


@dataclass(slots=True)
class _HostRules:
    exact: Service | None = None
    suffix: Service | None = None
    urls: list[tuple[int, Pattern, bool, Service]] = field(default_factory=list)

    def owner(self, is_host: bool) -> Service | None:
        return self.exact if is_host and self.exact else self.suffix


class _Names:
    """Cookie names and wildcards: exact before wildcard, more fixed characters before fewer."""

    def __init__(self, rows: Iterable[tuple[str, Service | None]]) -> None:
        self._exact: dict[str, Service | None] = {}
        self._wild: dict[str, list[tuple[Pattern, Service | None]]] = {}
        for name, service in rows:
            if "*" in name:
                pattern = Pattern(name)
                self._wild.setdefault(pattern.head, []).append((pattern, service))
            else:
                self._exact.setdefault(name, service)
        for bucket in self._wild.values():
            bucket.sort(key=lambda row: -row[0].weight)
        self._lengths = sorted({len(head) for head in self._wild}, reverse=True)

    def find(self, name: str) -> tuple[bool, Service | None]:
        """(known, service); the service is None for a name that is known without one."""
        if name in self._exact:
            return True, self._exact[name]
        for length in self._lengths:
            for pattern, service in self._wild.get(name[:length], ()):
                if pattern.matches(name):
                    return True, service
        return False, None


class Catalogue:
    """What the gateway knows about third parties and cookies; never changes after construction."""

    def __init__(
        self, services: Sequence[Service], safe_cookies: Sequence[str] = (), uncorroborated: Collection[str] = ()
    ) -> None:
        """`safe_cookies`: names and wildcards of frameworks (session, CSRF, cart, payment): necessary.

        `uncorroborated`: hosts that nobody else calls a tracker's: what they serve is left alone in a trial.
        """
        by_id: dict[str, Service] = {}
        for service in services:
            by_id.setdefault(service.id, service)
        self.services: tuple[Service, ...] = tuple(services)
        self.by_id: Mapping[str, Service] = by_id
        self.safe_cookies: tuple[str, ...] = tuple(safe_cookies)
        self.uncorroborated = frozenset(uncorroborated)
        self._hosts: dict[str, _HostRules] = {}
        self._paths: dict[str, list[tuple[Pattern, Service]]] = {}
        self._wild_paths: dict[str, list[tuple[Pattern, Service]]] = {}
        self._wildest_paths: list[tuple[Pattern, Service]] = []  # with a wildcard too early for a key
        for service in services:
            self._index(service)
        for rules in self._hosts.values():
            rules.urls.sort(key=lambda row: -row[0])
        for bucket in (*self._paths.values(), *self._wild_paths.values(), self._wildest_paths):
            bucket.sort(key=lambda row: -row[0].weight)
        configured = [service for service in services if service.origin == "configuration"]
        self._own_cookies = _Names((name, service) for service in configured for name in service.cookies)
        self._safe_cookies = _Names((name, None) for name in safe_cookies)
        self._cookies = _Names((name, service) for service in services for name in service.cookies)
        # Names come from visitors: only so many are kept.
        self._cookie_owner = lru_cache(maxsize=4096)(self._owner_of_cookie)

    def for_url(self, host: str, target: str) -> Service | None:
        """The service behind `host` (lower case, no port) and `target` (path and query), or None.

        The longest URL pattern wins, then a necessary service's host, a path known on any host, an exact host,
        the longest host.
        """
        levels = list(self._levels(host))
        if service := self._by_pattern(levels, target):
            return service
        owner = next((found for rules, is_host in levels if (found := rules.owner(is_host))), None)
        if owner is not None and owner.category is Category.NECESSARY:
            return owner
        return self.for_path(target) or owner

    def knows_host(self, host: str) -> bool:
        """Whether any rule names `host` or a parent of it."""
        return any(True for _ in self._levels(host))

    def for_path(self, target: str) -> Service | None:
        """The service whose path this is on any host, the shop's own included (first-party disguise)."""
        lowered = target.partition("#")[0].lower()
        path = lowered.partition("?")[0]
        for pattern, service in self._paths.get(path[path.rfind("/") + 1 :], ()):
            if path.endswith(pattern.text):
                return service
        at = path.find("/")
        while at >= 0:
            rows = self._wild_paths.get(path[at : at + _KEY], [])
            for pattern, service in rows + self._wildest_paths if self._wildest_paths else rows:
                if pattern.matches((lowered if "?" in pattern.text else path)[at:]):
                    return service
            at = path.find("/", at + 1)
        return None

    def for_cookie(self, name: str) -> Service | None:
        """The service that sets a cookie of this name on the shop's host, or None.

        None as well for a name on the allow-list that the catalogue ascribes to an optional service.
        """
        return self._cookie_owner(name)

    def _owner_of_cookie(self, name: str) -> Service | None:
        known, service = self._own_cookies.find(name)
        if not known:
            service = self._cookies.find(name)[1]
            if service and service.category is not Category.NECESSARY and self.is_safe_cookie(name):
                return None
        return service

    def is_safe_cookie(self, name: str) -> bool:
        """Is the name on the frameworks' allow-list? Only the configuration may overrule that."""
        return self._safe_cookies.find(name)[0]

    def cookie_category(self, name: str) -> Category | None:
        """The category of a first-party cookie after configuration, allow-list, catalogue; None = unknown."""
        if service := self.for_cookie(name):
            return service.category
        return Category.NECESSARY if self.is_safe_cookie(name) else None

    def _index(self, service: Service) -> None:
        for host in service.hosts:
            name = host.removeprefix("=").lower()
            rules = self._hosts.setdefault(name, _HostRules())
            if name != host:
                rules.exact = rules.exact or self.as_seen_at(name, service)
            else:
                rules.suffix = rules.suffix or self.as_seen_at(name, service)
        for url in service.urls:
            host, slash, path = url.lower().partition("/")
            pattern = Pattern(slash + path)
            if host:
                name = host.removeprefix("=")
                rules = self._hosts.setdefault(name, _HostRules())
                seen = self.as_seen_at(name, service)
                rules.urls.append((len(host) + pattern.weight, pattern, host.startswith("="), seen))
            elif "*" in path:
                key = pattern.head.partition("?")[0][:_KEY]
                if "?" in path:
                    pattern = Pattern(pattern.text + "*")
                keyed = self._wild_paths.setdefault(key, []) if len(key) == _KEY else self._wildest_paths
                keyed.append((pattern, service))
            else:
                self._paths.setdefault(path.rpartition("/")[2], []).append((pattern, service))

    def as_seen_at(self, host: str, service: Service) -> Service:
        """The service, left alone in a trial where only we know that `host` is its."""
        if host not in self.uncorroborated or service.origin == "configuration":
            return service
        return replace(service, in_trial=False)

    def _levels(self, host: str) -> Iterator[tuple[_HostRules, bool]]:
        """Rules for `host` and each of its parents, longest first, with "is this the host itself"."""
        name = host = host.rstrip(".").lower()
        while name:
            if rules := self._hosts.get(name):
                yield rules, len(name) == len(host)
            name = name.partition(".")[2]

    @staticmethod
    def _by_pattern(levels: Iterable[tuple[_HostRules, bool]], target: str) -> Service | None:
        best: Service | None = None
        most = -1
        lowered = target.lower() or "/"
        for rules, is_host in levels:
            for weight, pattern, exact, service in rules.urls:
                if weight > most and (is_host or not exact) and pattern.begins(lowered):
                    best, most = service, weight
                    break
        return best
