"""What the notice in force says, from the configuration, as the data it is archived and exported in."""

from __future__ import annotations

from typing import Final

from gateway.config.register import is_third_party
from gateway.config.settings import Settings
from gateway.enforcement.texts import Texts, texts
from gateway.model.categories import OPTIONAL, Category
from gateway.model.disclosure import Disclosure, Party, Purpose, Recipient
from gateway.model.register import CODES_OF, CONSENT, Listing
from gateway.registry import Registry

JURISDICTION: Final = "TW"
"""The gateway's rules are those of Taiwan's PDPA, whoever visits."""


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
            _purpose(settings, registry, category, words) for category in OPTIONAL if category in registry.offered
        ),
        url=f"{settings.prefix}/notice/{policy.rev}",
        withdrawal=f"{settings.prefix}/",
        grant_days=policy.grant_days,
    )


def _controller(name: str, contact: str) -> Party:
    return Party(name=name, contact=contact, email=contact if _is_email(contact) else "")


def _is_email(contact: str) -> bool:
    return contact.count("@") == 1 and not any(char.isspace() or char in ":/<>," for char in contact)


def _purpose(settings: Settings, registry: Registry, category: Category, words: Texts) -> Purpose:
    lines = [line for line in registry.listed if line.service.category is category]
    regions = [*settings.policy.regions, *(region for line in lines for region in line.regions)]
    others = (line for line in lines if is_third_party(line.service, settings.first_party))
    return Purpose(
        category=category,
        name=words[f"category.{category}"],
        purpose=words[f"about.{category}"],
        codes=tuple(dict.fromkeys([CODES_OF[category][0], *(line.code for line in lines)])),
        basis=CONSENT,
        period=f"P{settings.policy.grant_days}D",
        regions=tuple(dict.fromkeys(regions)),
        recipients=tuple(_recipient(line, words) for line in others),
    )


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
