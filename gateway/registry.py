"""The services in force: the catalogue as shipped, with the shop's own entries laid over it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from gateway.config.register import listing_of, service_of
from gateway.config.settings import CookieEntry, Settings
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category
from gateway.model.decision import Rules
from gateway.model.notice import Notice
from gateway.model.register import Listing
from gateway.model.service import Service

_NOTHING_KNOWN: Final[Mapping[int, Collection[str]]] = MappingProxyType({})
_OPTIONAL: Final = frozenset(OPTIONAL)


class Registry:
    """The catalogue of one shop, and what follows from the services it declared.

    Without `[[services]]` it is a trial: the whole catalogue is in force and nothing is `declared`. `named` are the ids
    of the services that each revision of the notice named when it was first shown, as far as that is known.
    """

    def __init__(self, settings: Settings, named: Mapping[int, Collection[str]] = _NOTHING_KNOWN) -> None:
        shipped = load_catalogue()
        self.unnamed = _unnamed(settings, shipped, named)
        """The ids of optional services that came without a new revision: they wait for one (R-15)."""
        own = [
            replace(service, covered=service.covered and service.id not in self.unnamed)
            for service in (service_of(entry, shipped.by_id.get(entry.id)) for entry in settings.services)
        ]
        cookies = [_cookie(entry) for entry in settings.cookies]
        ids = {entry.id for entry in settings.services}
        others = [service for service in shipped.services if service.id not in ids]
        if own:
            others = [replace(other, covered=other.category not in OPTIONAL) for other in others]
        self.catalogue = (
            Catalogue((*own, *cookies, *others), shipped.safe_cookies, shipped.uncorroborated)
            if own or cookies
            else shipped
        )
        self.listings: tuple[Listing, ...] = tuple(
            listing_of(entry, service, settings.policy)
            for entry, service in zip(settings.services, own, strict=True)
            if service.id not in self.unnamed
        )
        """The register: what is known of every service in the configuration."""
        self.declared: frozenset[str] | None = (
            frozenset(ids - self.unnamed) if settings.services else None
        )
        self.block_unknown = settings.unknown == "block" or (settings.unknown is None and bool(own))
        self._in_force: Sequence[Service] = (*(one for one in own if one.id not in self.unnamed), *cookies)
        self._named = named
        self._first_party = settings.first_party
        self._cookies = settings.cookies
        self._policy = settings.policy
        self._dnt = settings.dnt == "honour"

    @property
    def rules(self) -> Rules:
        """What of the configuration decides."""
        revisions = self._policy.revisions
        material = {known.rev: frozenset(known.material) | self._added(known.rev) for known in revisions}
        return Rules(
            Notice(self._policy.rev, material),
            self.sharing,
            self._dnt,
            self.offered,
            self._policy.grant_days,
            self._policy.refusal_days,
            self.exempt_until,
        )

    def _added(self, rev: int) -> frozenset[Category]:
        """The categories of the services that `rev` named and the one before did not: whatever it says of itself, an
        earlier yes did not mean them."""
        earlier = max((known for known in self._named if known < rev), default=None)
        if earlier is None or rev not in self._named:
            return frozenset()
        new = set(self._named[rev]) - set(self._named[earlier])
        return frozenset(self.catalogue.by_id[one].category for one in new if one in self.catalogue.by_id) & _OPTIONAL

    @property
    def cookie_places(self) -> dict[str, list[tuple[str, str]]]:
        """The (Domain, Path) that the configuration gives single cookies, to expire them there (R-177)."""
        placed = (entry for entry in self._cookies if entry.domain or entry.path)
        return {entry.name: [(entry.domain or "", entry.path or "/")] for entry in placed}

    @property
    def listed(self) -> tuple[Listing, ...]:
        """The optional services a visitor is told about; none in a trial, where nobody knows which are used."""
        return tuple(listing for listing in self.listings if listing.service.category in OPTIONAL)

    @property
    def exempt_until(self) -> int | None:
        """The last UTC epoch day on which the exempt measurement needs no consent; None if there is none."""
        ends = [date.fromisoformat(listing.exempt_until) for listing in self.listings if listing.exempt_until]
        return (ends[0] - date(1970, 1, 1)).days if ends else None

    @property
    def offered(self) -> frozenset[Category]:
        """The categories with something to decide about (R-10)."""
        if self.declared is None:
            return frozenset(OPTIONAL)
        asked = (service.category for service in self._in_force if service.covered)
        return frozenset(asked) & frozenset(OPTIONAL)

    @property
    def sharing(self) -> frozenset[Category]:
        """Marketing, and statistics too when one of its services has a host that is not the shop's."""
        services = self.catalogue.services if self.declared is None else self._in_force
        shared = any(
            service.category is Category.STATISTICS and any(h not in self._first_party for h in service.hosts)
            for service in services
        )
        return frozenset({Category.MARKETING, Category.STATISTICS} if shared else {Category.MARKETING})


def _unnamed(settings: Settings, shipped: Catalogue, named: Mapping[int, Collection[str]]) -> frozenset[str]:
    if settings.policy.rev not in named:
        return frozenset()
    services = (service_of(entry, shipped.by_id.get(entry.id)) for entry in settings.services)
    optional = {service.id for service in services if service.category in OPTIONAL}
    return frozenset(optional.difference(named[settings.policy.rev]))


def _cookie(entry: CookieEntry) -> Service:
    return Service(
        id=f"cookie:{entry.name}",
        name=entry.name,
        category=entry.category,
        cookies=(entry.name,),
        origin="configuration",
        days=entry.days or 0,
    )
