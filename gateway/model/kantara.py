"""An entry as a consent receipt of the Kantara Initiative, version 1.1.0.

A receipt lists what is granted once its entry is made, and nothing else: so that of a withdrawal, which calls itself
one in `collectionMethod`, can never be taken for a yes to what was withdrawn. The format demands an identifier of the
principal, so refusals have no receipt. `proof` is an addition of ours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.model.categories import Category
from gateway.model.disclosure import Party
from gateway.model.joined import Joined, stated

VERSION: Final = "KI-CR-v1.1.0"
_PURPOSES: Final = {
    Category.PREFERENCES: "5 - Personalize Experience",
    Category.STATISTICS: "16 - Improve Performance",
    Category.MARKETING: "6 - Marketing",
}
_METHODS: Final = {
    "banner": "banner",
    "settings": "settings page",
    "nojs": "plain form",
    "embed": "placeholder of an embedded content",
    "gpc": "Global Privacy Control signal",
}


def consent_receipt(joined: Joined) -> dict[str, object]:
    """The receipt of one entry."""
    notice = joined.disclosure
    method = _METHODS[str(joined.body["surface"])]
    purposes = [_purpose(joined, category) for category in joined.categories if joined.granted(category)]
    service = {"service": stated(notice.controller.name), "purposes": purposes}
    return {
        "version": VERSION,
        "jurisdiction": stated(notice.jurisdiction),
        "consentTimestamp": int(joined.minute.timestamp()),
        "collectionMethod": f"withdrawal: {method}" if joined.withdraws else method,
        "consentReceiptID": joined.id,
        "language": joined.body["locale"],
        "piiPrincipalId": joined.tag,
        "piiControllers": [_controller(notice.controller)],
        "policyUrl": stated(notice.url),
        "services": [service] if purposes else [],
        "sensitive": False,
        "spiCat": [],
        "proof": joined.proof,
    }


def _controller(who: Party) -> dict[str, object]:
    address = {"streetAddress": who.address, "addressCountry": who.country}
    return {
        "piiController": stated(who.name),
        "onBehalf": False,
        "contact": stated(who.contact),
        "address": {key: value for key, value in address.items() if value},
        "email": stated(who.email),
        "phone": stated(who.phone),
        **({"piiControllerUrl": who.url} if who.url else {}),
    }


def _purpose(joined: Joined, category: Category) -> dict[str, object]:
    purpose = joined.disclosure.purpose(category)
    days = joined.disclosure.grant_days
    end = f", on {(joined.minute + timedelta(days=days)).date().isoformat()} at the latest" if days else ""
    names = ", ".join(dict.fromkeys(one.vendor or one.name for one in purpose.covered))
    return {
        "purpose": stated(purpose.purpose),
        "purposeCategory": [_PURPOSES[category]],
        "consentType": "EXPLICIT",
        "piiCategory": list(purpose.data) or [stated("")],
        "primaryPurpose": False,
        "termination": f"on withdrawal{end}",
        "thirdPartyDisclosure": bool(purpose.covered),
        **({"thirdPartyName": names} if names else {}),
    }
