"""The closed register: what the entries of the configuration say of services, and what they must not say.

A fault makes a configuration unusable. What an entry of the catalogue leaves out follows from the catalogue and
its category; what may not be left out of a shop's own entry is told by `gateway.config.review`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date

from gateway.config.settings import CookieEntry, FileSettings, Policy, ServiceEntry
from gateway.errors import Problem
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.register import (
    CATALOGUE,
    CLASSIFIED,
    CODES,
    CONSENT,
    CONTRACT,
    SECURITY,
    SESSION_REPLAY,
    Listing,
    fits,
    usual_basis,
    usual_code,
    usual_use,
)  # fmt: skip
from gateway.model.service import Service

RECOGNISED_BY = ("hosts", "urls", "marks", "cookies")
EXEMPT_MONTHS = 13
_OVERRIDES = ("name", "category", "vendor", *RECOGNISED_BY, "embed", "policy_url", "days")

Named = tuple[str, ServiceEntry]
"""An entry and the name it has in messages, such as `services[0]`."""


def service_of(entry: ServiceEntry, known: Service | None) -> Service:
    """The service an entry stands for: what the catalogue knows, overridden by what the entry says.

    Raises ValueError for a service without a category.
    """
    fields = {name: getattr(known, name) for name in _OVERRIDES} if known else {"name": entry.id}
    fields |= {name: value for name in _OVERRIDES if (value := getattr(entry, name)) is not None}
    if "category" not in fields:
        raise ValueError(f"service {entry.id}: no category")
    return Service(
        **fields,
        id=entry.id,
        origin="configuration",
        separate=entry.separate,
        covered=not entry.separate,
        exempt=entry.exempt_until is not None,
    )


def listing_of(entry: ServiceEntry, service: Service, policy: Policy) -> Listing:
    """The line of the register for `service`, as `entry` says it and `policy` makes the rest."""
    code = entry.code or usual_code(service, policy.purposes)
    return Listing(
        service,
        code=usual_code(service, policy.purposes) if _is_undeclared_security(code, policy) else code,
        basis=entry.basis or usual_basis(service.category),
        use=entry.use or usual_use(service.category),
        why=entry.why or "",
        breaks=entry.breaks or "",
        reviewed_by=entry.reviewed_by or CATALOGUE,
        date=entry.date or ("" if entry.reviewed_by else CLASSIFIED),
        contract=entry.contract or "",
        role=entry.role or "",
        regions=entry.regions or (),
        last_review=entry.last_review or "",
        exempt_until=entry.exempt_until or "",
        exempt_reason=entry.exempt_reason or "",
    )


def register_faults(
    entries: Sequence[Named], file: FileSettings, catalogue: Catalogue, today: date
) -> Iterator[Problem]:
    """What is wrong with the entries for services, in their order."""
    exempt = [name for name, entry in entries if entry.exempt_until or entry.exempt_reason]
    for name, entry in entries:
        yield from _contract_faults(name, entry)
        yield from _region_faults(name, entry, file.policy)
        known = catalogue.by_id.get(entry.id)
        if entry.category is None and known is None:
            continue
        service = service_of(entry, known)
        yield from _purpose_faults(name, entry, service, file.policy)
        yield from _category_faults(name, entry, service)
        if name in exempt:
            yield from _exempt_faults(name, entry, service, file, today)
            if name != exempt[0]:
                expected = f"one exempt measurement, {exempt[0]} is one already"
                yield Problem(f"{name}.exempt_until", entry.exempt_until, expected)


def cookie_faults(entries: Sequence[tuple[str, CookieEntry]], policy: Policy) -> Iterator[Problem]:
    """What is wrong with the entries for single cookies."""
    for name, entry in entries:
        if entry.code is not None:
            yield from _code_faults(f"{name}.code", entry.code, entry.category, policy)
        if "*" in entry.name and (entry.domain or entry.path):
            yield Problem(f"{name}.name", entry.name, "one name without *: domain and path belong to one cookie")


def is_third_party(service: Service, first_party: Sequence[str]) -> bool:
    """Whether one of its hosts is not the shop's own; a product on the shop's host has none or lists it."""
    named = (url.partition("/")[0] for url in service.urls)
    hosts = {host.removeprefix("=") for host in (*service.hosts, *named) if host}
    return not all(any(f".{host}".endswith(f".{own}") for own in first_party) for host in hosts)


def months_later(day: date, months: int) -> date:
    """The same day of another month, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _is_undeclared_security(code: str, policy: Policy) -> bool:
    return code == SECURITY and SECURITY not in policy.purposes


def _contract_faults(name: str, entry: ServiceEntry) -> Iterator[Problem]:
    stated = [key for key in ("role", "regions", "last_review") if getattr(entry, key)]
    if stated and not entry.contract:
        expected = f"the reference of the contract with whom {', '.join(stated)} speaks of"
        yield Problem(f"{name}.contract", entry.contract, expected)


def _region_faults(name: str, entry: ServiceEntry, policy: Policy) -> Iterator[Problem]:
    beyond = [region for region in entry.regions or () if region not in policy.regions]
    if beyond:
        expected = f"none beyond policy.regions, which are {', '.join(policy.regions) or 'none'}"
        yield Problem(f"{name}.regions", list(entry.regions or ()), expected)


def _purpose_faults(name: str, entry: ServiceEntry, service: Service, policy: Policy) -> Iterator[Problem]:
    if entry.code is not None:
        yield from _code_faults(f"{name}.code", entry.code, service.category, policy)
    if entry.basis == CONTRACT and service.category is not Category.NECESSARY:
        yield Problem(f"{name}.basis", entry.basis, f'"{CONSENT}": what a visitor can refuse rests on consent')


def _code_faults(key: str, code: str, category: Category, policy: Policy) -> Iterator[Problem]:
    codes = tuple(dict.fromkeys((*CODES, *policy.purposes, SECURITY)))
    fitting = [known for known in codes if fits(known, category)]
    if code not in fitting:
        options = " or ".join(f'"{known}"' for known in fitting)
        yield Problem(key, code, f"a purpose of {category}: {options}; others are declared in policy.purposes")


def _category_faults(name: str, entry: ServiceEntry, service: Service) -> Iterator[Problem]:
    if service.category is not Category.NECESSARY:
        return
    if entry.separate:
        yield Problem(f"{name}.separate", True, "false: a necessary service is not asked about")
    if entry.id in SESSION_REPLAY:
        yield Problem(f"{name}.category", "necessary", '"statistics": session replay is never necessary')


def _exempt_faults(
    name: str, entry: ServiceEntry, service: Service, file: FileSettings, today: date
) -> Iterator[Problem]:
    if service.category is not Category.STATISTICS:
        yield Problem(f"{name}.exempt_until", entry.exempt_until, "none: only statistics can be exempt")
    if entry.separate:
        yield Problem(f"{name}.separate", True, "false: what needs its own click is not exempt from consent")
    if is_third_party(service, file.first_party):
        expected = "none: only a service whose hosts are all in first_party can be exempt from consent"
        yield Problem(f"{name}.exempt_until", entry.exempt_until, expected)
    if entry.exempt_until is None:
        yield Problem(f"{name}.exempt_until", None, "the day it ends")
    elif entry.exempt_reason is None:
        yield Problem(f"{name}.exempt_reason", None, "why it needs no consent, for visitors")
    if entry.date is None:
        yield Problem(f"{name}.date", None, "the day the exemption was decided: it runs from there")
    elif entry.exempt_until is not None:
        latest = months_later(min(date.fromisoformat(entry.date), today), EXEMPT_MONTHS)
        if date.fromisoformat(entry.exempt_until) > latest:
            expected = f"at most {EXEMPT_MONTHS} months after its date, {latest}"
            yield Problem(f"{name}.exempt_until", entry.exempt_until, expected)
