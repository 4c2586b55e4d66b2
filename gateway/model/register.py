"""The register of processing: what each service is for, on what ground, and who answers for it.

Sources: PDPA of Taiwan Art. 8(1) and 19(1), and the official list of specific purposes whose numbers the codes are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.model.categories import Category
from gateway.model.service import Service

CODES: Final = ("040", "090", "148", "157")
"""Marketing; customers and service to them; online shopping; surveys, statistics and research."""

SECURITY: Final = "137"
"""Information security. A policy that does not declare it files its security services under 148."""

CODES_OF: Final[Mapping[Category, tuple[str, ...]]] = {
    Category.NECESSARY: ("148", "090", SECURITY),
    Category.PREFERENCES: ("090",),
    Category.STATISTICS: ("157",),
    Category.MARKETING: ("040",),
}
"""The codes of each category, the usual one first. Codes that stand nowhere here go with any category."""

CONTRACT: Final = "19-1-2"
CONSENT: Final = "19-1-5"
"""The two grounds: a contract with the visitor, and consent. There is none "by contract" with others."""

_USES: Final[Mapping[Category, str]] = {
    Category.NECESSARY: "b",
    Category.PREFERENCES: "f",
    Category.STATISTICS: "c",
    Category.MARKETING: "c",
}

SECURITY_SERVICES: Final = frozenset(
    ("cloudflare-turnstile", "fraud-prevention", "google-recaptcha", "hcaptcha", "recaptcha-net", "robot-checks")
)
"""Services of the catalogue that protect the visitor's account and the shop: purpose 137 where it is declared."""

SESSION_REPLAY: Final = frozenset(
    (
        *("contentsquare", "crazy-egg", "fullstory", "hotjar", "inspectlet", "lucky-orange", "microsoft-clarity"),
        *("mouseflow", "session-replay-others", "smartlook"),
    )
)
"""Services of the catalogue that record what a visitor does: never necessary."""

CATALOGUE: Final = "catalogue"
CLASSIFIED: Final = "2026-11-23"
"""Who classified a service that the shop took from the catalogue as it is, and when the last of them was."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of the register. Empty texts mean that the entry says nothing and the category's own text holds.

    `code` is the purpose, `basis` the ground, `use` the letter of the use in the policy; `why` and `breaks` are
    for visitors; dates are ISO dates.
    """

    service: Service
    code: str
    basis: str
    use: str
    why: str = ""
    breaks: str = ""
    reviewed_by: str = CATALOGUE
    date: str = CLASSIFIED
    contract: str = ""
    role: str = ""
    regions: tuple[str, ...] = ()
    last_review: str = ""
    exempt_until: str = ""
    exempt_reason: str = ""


def usual_code(service: Service, declared: Collection[str]) -> str:
    """The purpose of a service whose entry names none, under a policy that has `declared` these purposes."""
    if service.category is Category.NECESSARY and service.id in SECURITY_SERVICES and SECURITY in declared:
        return SECURITY
    return CODES_OF[service.category][0]


def usual_basis(category: Category) -> str:
    """The ground of a category."""
    return CONTRACT if category is Category.NECESSARY else CONSENT


def usual_use(category: Category) -> str:
    """The letter of the use that goes with a category."""
    return _USES[category]


def fits(code: str, category: Category) -> bool:
    """Whether `code` is a purpose of `category`; what is nobody's may be anybody's."""
    return code in CODES_OF[category] or not any(code in codes for codes in CODES_OF.values())
