"""The services in force: the catalogue as shipped, with the shop's own entries laid over it."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.config.settings import CookieEntry, ServiceEntry, Settings
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category
from gateway.model.service import Service

_OVERRIDES = ("name", "category", "vendor", "hosts", "urls", "marks", "cookies", "embed", "policy_url")


class Registry:
    """The catalogue of one shop, and what follows from the services it declared.

    Without `[[services]]` it is a trial: the whole catalogue is in force and nothing is `declared`.
    """

    def __init__(self, settings: Settings) -> None:
        shipped = load_catalogue()
        own = [_service(entry, shipped.by_id.get(entry.id)) for entry in settings.services]
        cookies = [_cookie(entry) for entry in settings.cookies]
        named = {entry.id for entry in settings.services}
        others = (service for service in shipped.services if service.id not in named)
        self.catalogue = Catalogue((*own, *cookies, *others), shipped.safe_cookies, shipped.uncorroborated)
        self.declared: frozenset[str] | None = (
            frozenset(entry.id for entry in settings.services) if settings.services else None
        )
        self.block_unknown = settings.unknown == "block" or (settings.unknown is None and bool(own))
        self._in_force: Sequence[Service] = (*own, *cookies)
        self._first_party = settings.first_party

    @property
    def listed(self) -> tuple[Service, ...]:
        """The optional services a visitor is told about; none in a trial, where nobody knows which are used."""
        optional = (service for service in self._in_force if service.category in OPTIONAL)
        return tuple(service for service in optional if not service.id.startswith(_COOKIE))

    @property
    def offered(self) -> frozenset[Category]:
        """The categories with something to decide about (R-10)."""
        if self.declared is None:
            return frozenset(OPTIONAL)
        return frozenset(service.category for service in self._in_force) & frozenset(OPTIONAL)

    @property
    def sharing(self) -> frozenset[Category]:
        """Marketing, and statistics too when one of its services has a host that is not the shop's."""
        services = self.catalogue.services if self.declared is None else self._in_force
        shared = any(
            service.category is Category.STATISTICS and any(h not in self._first_party for h in service.hosts)
            for service in services
        )
        return frozenset({Category.MARKETING, Category.STATISTICS} if shared else {Category.MARKETING})


_COOKIE = "cookie:"


def _service(entry: ServiceEntry, known: Service | None) -> Service:
    fields = {name: getattr(known, name) for name in _OVERRIDES} if known else {}
    fields |= {name: value for name in _OVERRIDES if (value := getattr(entry, name)) is not None}
    return Service(**{"name": entry.id, **fields, "id": entry.id, "origin": "configuration"})


def _cookie(entry: CookieEntry) -> Service:
    return Service(
        id=_COOKIE + entry.name,
        name=entry.name,
        category=entry.category,
        cookies=(entry.name,),
        origin="configuration",
    )
