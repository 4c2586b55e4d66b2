"""What a usable configuration still lacks, and what its owner should know.

`gaps` are demanded of whoever answers for the shop: `check` fails on them, the gateway starts all the same and logs
them. `warnings` are told and change nothing. In a trial, with nobody named and nothing declared, nothing is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from gateway.config.register import is_third_party, months_later, service_of
from gateway.config.settings import Controller, FileSettings, Policy, PolicyTexts, ServiceEntry
from gateway.errors import Problem
from gateway.model.ad_features import AD_FEATURES, REVIEWED
from gateway.model.catalogue import Catalogue
from gateway.model.categories import OPTIONAL, Category
from gateway.model.pattern import Pattern
from gateway.model.register import SECURITY, SECURITY_SERVICES, usual_code
from gateway.model.service import Service

SHORTEST_DAYS = 184
_PLACEHOLDER = re.compile(r"\W*|to-?do|tbd|xx+|n/?a|placeholder|[<{[].*[>}\]]|your\b.*", re.IGNORECASE | re.DOTALL)
_DEMANDED = {
    "code": "the code of its purpose",
    "basis": '"19-1-2" or "19-1-5"',
    "use": "the letter of the use in the policy: a, b, c, d or f",
    "why": "why it is used, for visitors",
    "breaks": "what does not work without it, for visitors",
    "reviewed_by": "who classified it",
    "date": "when it was classified",
}


@dataclass(frozen=True, slots=True)
class Review:
    """What was found, each in the order of the settings."""

    gaps: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def without(self, keys: Collection[str]) -> Review:
        """What is left once `keys` have been spoken of."""
        left = ([found for found in each if found.key not in keys] for each in (self.gaps, self.warnings))
        return Review(*map(tuple, left))


def review(settings: FileSettings, catalogue: Catalogue, today: date) -> Review:
    """Looks over settings that are usable."""
    told = [(f"services[{place}]", entry) for place, entry in enumerate(settings.services)]
    entries = [
        (name, entry, service_of(entry, catalogue.by_id.get(entry.id)))
        for name, entry in told
        if entry.category or entry.id in catalogue.by_id
    ]
    gaps = [gap for name, entry, _ in entries if entry.id not in catalogue.by_id for gap in _entry_gaps(name, entry)]
    unnamed = [*_date_gap(settings.policy), *_controller_gaps(settings)]
    trying = is_trial(settings)
    return Review(
        (*_language_gaps(settings.policy), *_root_gaps(settings), *(() if trying else unnamed), *gaps),
        (
            *(unnamed if trying else ()),
            *_mode_warnings(settings),
            *_policy_warnings(settings.policy),
            *(w for name, entry, service in entries for w in _entry_warnings(name, entry, service, settings, today)),
            *(w for name, entry, service in entries for w in _catalogue_warnings(name, entry, service, catalogue)),
            *_cookie_warnings(settings, catalogue),
            *_feature_warnings(settings, today),
            *_hold_warnings(settings, today),
        ),
    )


def unnumbered(settings: FileSettings) -> Problem:
    """The problem of a notice that changed and kept its number (R-114)."""
    expected = "a higher number: the notice is not the one that was shown as this revision"
    return Problem("policy.rev", settings.policy.rev, expected)


def unnamed(settings: FileSettings, services: Collection[str]) -> Problem:
    """The problem of services that the revision did not name when it was first shown (R-15)."""
    expected = f"a higher number: until then these wait, whatever was granted: {', '.join(sorted(services))}"
    return Problem("policy.rev", settings.policy.rev, expected)


def is_trial(settings: FileSettings) -> bool:
    """Whether nobody is named and nothing declared yet."""
    return not settings.services and settings.controller == Controller()


def is_gap(value: str) -> bool:
    """Whether `value` is empty or only holds the place of one."""
    return _PLACEHOLDER.fullmatch(value) is not None


def _controller_gaps(settings: FileSettings) -> Iterator[Problem]:
    controller = settings.controller
    for key, value, expected in (
        ("name", controller.name, "the legal name of who answers for the shop"),
        ("contact", controller.contact, "how visitors reach customer service"),
    ):
        if is_gap(value):
            yield Problem(f"controller.{key}", value, expected)


def _date_gap(policy: Policy) -> Iterator[Problem]:
    if not policy.date:
        yield Problem("policy.date", "", "the date of the notice in force")


def _root_gaps(settings: FileSettings) -> Iterator[Problem]:
    if settings.owns_root and not settings.policy.date:
        yield Problem("owns_root", True, "policy.date beside it: gpc.json tells by lastUpdate since when it holds")


def _language_gaps(policy: Policy) -> Iterator[Problem]:
    """A sentence that only one language has, named where it is missing."""
    for locale, other in (("zh-Hant", "en"), ("en", "zh-Hant")):
        own, theirs = policy.texts.of(locale), policy.texts.of(other)
        for key in PolicyTexts.__struct_fields__:
            if is_gap(getattr(own, key)) and getattr(theirs, key):
                expected = f"the sentence of {other} in this language"
                yield Problem(f"policy.texts.{locale}.{key}", getattr(own, key), expected)


def _entry_gaps(name: str, entry: ServiceEntry) -> Iterator[Problem]:
    for key, expected in _DEMANDED.items():
        if not getattr(entry, key):
            yield Problem(f"{name}.{key}", getattr(entry, key), expected)


def _mode_warnings(settings: FileSettings) -> Iterator[Problem]:
    if settings.mode == "report":
        yield Problem("mode", "report", '"enforce" after the rollout: report changes nothing and only counts')
    if not settings.services:
        yield Problem("services", [], "the services in use: until they are listed the whole catalogue is the list")
    elif settings.unknown == "pass":
        yield Problem("unknown", "pass", '"block" once services are declared: unknown third parties pass now')
    if "/" in settings.untouched_paths:
        yield Problem("untouched_paths", "/", "payment and sign-in paths only: no page is rewritten now")


def _policy_warnings(policy: Policy) -> Iterator[Problem]:
    for key in ("grant_days", "refusal_days"):
        if getattr(policy, key) < SHORTEST_DAYS:
            expected = f"at least {SHORTEST_DAYS}: asking sooner wears visitors down"
            yield Problem(f"policy.{key}", getattr(policy, key), expected)
    days = sorted(date.fromisoformat(known.date) for known in policy.revisions if known.material and known.date)
    for first, third in zip(days, days[2:], strict=False):
        if third < months_later(first, 6):
            expected = f"at most two material ones in six months; there are more after {first}"
            yield Problem("policy.revisions", str(third), expected)


def _entry_warnings(
    name: str, entry: ServiceEntry, service: Service, settings: FileSettings, today: date
) -> Iterator[Problem]:
    policy = settings.policy
    if not entry.contract and is_third_party(service, settings.first_party):
        expected = f"the contract with {service.vendor or service.name}; role, regions and last_review beside it"
        yield Problem(f"{name}.contract", entry.contract, expected)
    if entry.contract and not entry.last_review:
        yield Problem(f"{name}.last_review", None, "when the vendor was last checked")
    if entry.last_review and _is_old(entry.last_review, today):
        yield Problem(f"{name}.last_review", entry.last_review, "a check of the vendor in the last 12 months")
    code = entry.code or usual_code(service, policy.purposes)
    protects = service.category is Category.NECESSARY and service.id in SECURITY_SERVICES
    if SECURITY not in policy.purposes and (code == SECURITY or (protects and entry.code is None)):
        expected = f'"{SECURITY}" in policy.purposes: until then this security service is filed under 148'
        yield Problem(f"{name}.code", entry.code, expected)
    elif code not in policy.purposes:
        yield Problem(f"{name}.code", code, f"a purpose in policy.purposes: {', '.join(policy.purposes) or 'none'}")
    if entry.exempt_until and date.fromisoformat(entry.exempt_until) < today:
        yield Problem(f"{name}.exempt_until", entry.exempt_until, "a day to come: it waits for consent again")


def _catalogue_warnings(name: str, entry: ServiceEntry, service: Service, catalogue: Catalogue) -> Iterator[Problem]:
    known = catalogue.by_id.get(entry.id)
    tracks = known is not None and known.category in (Category.STATISTICS, Category.MARKETING)
    if known is not None and tracks and service.category is Category.NECESSARY:
        expected = f'"{known.category}", as in the catalogue: nobody can refuse it now'
        yield Problem(f"{name}.category", "necessary", expected)
    if service.category in OPTIONAL:
        for cookie in service.cookies:
            yield from _overruled(f"{name}.cookies", cookie, catalogue)


def _cookie_warnings(settings: FileSettings, catalogue: Catalogue) -> Iterator[Problem]:
    for place, entry in enumerate(settings.cookies):
        if entry.category in OPTIONAL:
            yield from _overruled(f"cookies[{place}].name", entry.name, catalogue)


def _overruled(key: str, cookie: str, catalogue: Catalogue) -> Iterator[Problem]:
    pattern = Pattern(cookie)
    hit = next((safe for safe in catalogue.safe_cookies if pattern.matches(safe)), None)
    if hit is None and catalogue.is_safe_cookie(cookie):
        hit = cookie
    if hit is not None:
        expected = f"none of the cookies frameworks need: {hit} is on the allow-list, this overrules it"
        yield Problem(key, cookie, expected)


def _feature_warnings(settings: FileSettings, today: date) -> Iterator[Problem]:
    reviewed = settings.ad_features_reviewed
    if settings.ad_features != AD_FEATURES and reviewed == REVIEWED:
        yield Problem("ad_features_reviewed", reviewed, "the date of your own ad_features")
    elif _is_old(reviewed, today):
        yield Problem("ad_features_reviewed", reviewed, "a look at the features of browsers in the last 12 months")


def _hold_warnings(settings: FileSettings, today: date) -> Iterator[Problem]:
    hold = settings.evidence_hold
    if hold is not None and date.fromisoformat(hold.until) < today:
        yield Problem("evidence_hold.until", hold.until, "a day to come: the hold has ended")


def _is_old(day: str, today: date) -> bool:
    return months_later(date.fromisoformat(day), 12) < today
