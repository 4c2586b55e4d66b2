"""What a scan found, put in order: services, unknown hosts, cookies, and what the gateway would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category, Fate
from gateway.model.masking import masked
from gateway.model.service import Service
from gateway.scan.recorder import RUN_TIME, Sighting

_ACTIVE = frozenset(("script", "frame", "object"))
_STRICTNESS = {Fate.KEEP: 0, Fate.HOLD: 1, Fate.REMOVE: 2}


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """A service, or a host nobody knows (`service` is None), and what happens to it before any choice."""

    service: Service | None
    hosts: tuple[str, ...]
    kinds: tuple[str, ...]
    trial: Fate
    declared: Fate
    pages: int


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie as it may be shown: digits of names nobody knows are masked. `source`: `server`
    for an answer of the shop's, `browser` for one found there after pages had run.

    `fate` is what happens to it before any choice; KEEP for an unknown one, unless cookies are strict.
    """

    name: str
    service: str
    category: Category | None
    source: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Findings:
    """One scan."""

    shop: str
    pages: int
    services: tuple[ThirdParty, ...]
    unknown: tuple[ThirdParty, ...]
    cookies: tuple[Cookie, ...]
    remarks: tuple[str, ...] = ()

    @property
    def to_declare(self) -> tuple[Service, ...]:
        """The services a visitor has to be asked about, and necessary ones the second wall must know."""
        used = {
            party.service.id: party.service
            for party in self.services
            if party.service and (party.service.category in OPTIONAL or _ACTIVE.intersection(party.kinds))
        }
        return tuple(used[name] for name in sorted(used))


def third_parties(seen: Iterable[Sighting]) -> tuple[ThirdParty, ...]:
    """One entry for each service, then for each host nobody knows."""
    groups: dict[tuple[bool, str], list[Sighting]] = {}
    for sighting in seen:
        service = sighting.service
        key = (False, service.id) if service else (True, sighting.host)
        groups.setdefault(key, []).append(sighting)
    return tuple(_third_party(groups[key]) for key in sorted(groups))


def _third_party(group: list[Sighting]) -> ThirdParty:
    kinds = {sighting.kind for sighting in group}
    return ThirdParty(
        group[0].service,
        tuple(sorted({printable(sighting.host) for sighting in group if sighting.host})),
        tuple(sorted(kinds - {RUN_TIME} or kinds)),
        max((sighting.trial for sighting in group), key=_STRICTNESS.__getitem__),
        max((sighting.declared for sighting in group), key=_STRICTNESS.__getitem__),
        len({sighting.page for sighting in group}),
    )


def cookie(catalogue: Catalogue, name: str, source: str) -> Cookie:
    """A cookie on the shop's own host."""
    service = catalogue.for_cookie(name)
    category = catalogue.cookie_category(name)
    return Cookie(
        printable(name if category else masked(name)),
        service.name if service else "",
        category,
        source,
        Fate.REMOVE if category in OPTIONAL else Fate.KEEP,
    )


def cookie_name(line: bytes) -> str:
    """The name that a `Set-Cookie` value sets; "" if none."""
    return line.partition(b";")[0].lstrip(b" \t=").partition(b"=")[0].rstrip(b" \t").decode("latin-1")


def printable(text: str) -> str:
    """`text` without what could steer a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:200]
