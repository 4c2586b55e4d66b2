"""What the notice in force says, from the configuration, as the data it is archived and exported in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.config.register import is_third_party
from gateway.config.review import is_gap
from gateway.config.settings import Settings
from gateway.enforcement.texts import Texts, texts
from gateway.model.categories import OPTIONAL, Category
from gateway.model.disclosure import Disclosure, Party, Purpose, Recipient
from gateway.model.register import CODES_OF, CONSENT, CONTRACT, Listing
from gateway.registry import Registry

JURISDICTION: Final = "TW"
"""The gateway's rules are those of Taiwan's PDPA, whoever visits."""

RIGHTS: Final = ("inspect", "copy", "correct", "stop", "delete")
"""PDPA Art. 3, in its order."""

_DATA: Final = {
    Category.NECESSARY: ("c001", "c002", "c011", "browsing"),
    Category.PREFERENCES: ("browsing", "chat"),
    Category.STATISTICS: ("browsing",),
    Category.MARKETING: ("browsing", "bought"),
}


def disclose(settings: Settings, registry: Registry, locale: str) -> Disclosure:
    """The notice in force in one language. Says nothing that the notice does not say."""
    policy, words = settings.policy, texts(locale)
    dates = {revision.rev: revision.date for revision in policy.revisions}
    return Disclosure(
        rev=policy.rev,
        locale=locale,
        date=policy.date or dates.get(policy.rev, ""),
        controller=_controller(settings.controller.name, settings.controller.contact),
        jurisdiction=JURISDICTION,
        purposes=tuple(
            purpose_of(settings, registry, category, words) for category in OPTIONAL if category in registry.offered
        ),
        rights=tuple(words[f"right.{right}"] for right in RIGHTS),
        url=f"{settings.prefix}/notice/{policy.rev}",
        withdrawal=f"{settings.prefix}/",
        grant_days=policy.grant_days,
    )


def purpose_of(settings: Settings, registry: Registry, category: Category, words: Texts) -> Purpose:
    """What the notice says of one category, the necessary one included."""
    necessary = category is Category.NECESSARY
    lines = [line for line in registry.listings if line.service.category is category]
    regions = [*settings.policy.regions, *(region for line in lines for region in line.regions)]
    others = (line for line in lines if is_third_party(line.service, settings.first_party))
    usual = CODES_OF[category][: 2 if necessary else 1]
    own = getattr(settings.policy.texts.of(words.locale), category.value)
    return Purpose(
        category=category,
        name=words[f"category.{category}"],
        purpose=words["gap"].join(filter(None, (words[f"why.{category}"], own))),
        codes=tuple(dict.fromkeys([*usual, *(line.code for line in lines)])),
        basis=CONTRACT if necessary else CONSENT,
        data=tuple(words[f"data.{kind}"] for kind in _DATA[category]),
        period="" if necessary else f"P{settings.policy.grant_days}D",
        regions=tuple(dict.fromkeys(regions)),
        method=words["method"],
        refusing=words["gap"].join([words[f"breaks.{category}"], *_breaks(lines, words)]),
        recipients=tuple(_recipient(line, words) for line in others),
    )


def _breaks(lines: Iterable[Listing], words: Texts) -> Iterator[str]:
    for line in lines:
        if line.breaks:
            yield f"{line.service.name}{words['colon']}{line.breaks.rstrip('。.')}{words['stop']}"


def _controller(name: str, contact: str) -> Party:
    name, contact = ("" if is_gap(value) else value for value in (name, contact))
    return Party(name=name, contact=contact, email=contact if _is_email(contact) else "")


def _is_email(contact: str) -> bool:
    return contact.count("@") == 1 and not any(char.isspace() or char in ":/<>," for char in contact)


def _recipient(line: Listing, words: Texts) -> Recipient:
    service = line.service
    return Recipient(
        id=service.id,
        name=service.name,
        vendor=service.vendor,
        role=line.role,
        regions=line.regions,
        policy_url=service.policy_url,
        why=line.why or words[f"why.{service.category}"],
        breaks=line.breaks or words[f"breaks.{service.category}"],
        separate=service.separate,
    )
