"""An entry as a consent record of ISO/IEC TS 27560:2023.

The fields are those of clause 6.3 as the W3C's "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV"
lists them, under their own names, in plain JSON: it says the same as JSON-LD and any JSON Schema validator can check
it. `proof` is an addition of ours. One record tells of one act; all records of a subject have its
`pii_principal_id`. A refusal yields none: it has no principal, who is mandatory.
"""

from __future__ import annotations

from typing import Final

from gateway.model.categories import Category
from gateway.model.disclosure import Purpose
from gateway.model.joined import Joined, stated
from gateway.model.register import CONSENT

SCHEMA: Final = "ISO/IEC TS 27560:2023"
_CONTROLLER: Final = "controller"
_GROUND: Final = {CONSENT: "consent, PDPA Art. 19(1)(5)"}


def consent_record(joined: Joined) -> dict[str, object]:
    """The record of one entry. In that of a withdrawal all that is not given is `withdrawn`, or was refused before."""
    notice = joined.disclosure
    return {
        "header": {"schema_version": SCHEMA, "record_id": joined.id, "pii_principal_id": joined.tag},
        "pii_processing": {
            "privacy_notice": stated(notice.url),
            "language": joined.body["locale"],
            "purposes": [_purpose(joined, notice.purpose(name)) for name in joined.categories],
        },
        "party_identification": _parties(joined),
        "event": [_event(joined, name) for name in joined.categories],
        "proof": joined.proof,
    }


def _purpose(joined: Joined, purpose: Purpose) -> dict[str, object]:
    notice = joined.disclosure
    regions = list(purpose.regions) or [stated("")]
    return {
        "purpose": stated(purpose.purpose),
        "purpose_type": [purpose.category.value, *purpose.codes],
        "lawful_basis": _GROUND.get(purpose.basis, "consent"),
        "pii_information": [{"pii_type": kind, "pii_optional": True} for kind in purpose.data or (stated(""),)],
        "pii_controllers": [_CONTROLLER],
        "collection_method": stated(purpose.method),
        "storage_locations": regions,
        "processing_locations": regions,
        "retention_period": stated(purpose.period),
        "service": purpose.name,
        "jurisdiction": stated(notice.jurisdiction),
        "recipient_third_parties": [recipient.id for recipient in purpose.covered],
        "withdrawal_method": stated(notice.withdrawal),
        "privacy_rights": list(notice.rights),
    }


def _parties(joined: Joined) -> list[dict[str, object]]:
    notice = joined.disclosure
    who = notice.controller
    controller = _party(_CONTROLLER, who.name, "controller", address=who.address, contact=who.contact)
    optional = {"party_email": who.email, "party_phone": who.phone, "party_url": who.url}
    recipients = {one.id: one for name in joined.categories for one in notice.purpose(name).covered}
    return [
        {**controller, **{key: value for key, value in optional.items() if value}},
        *(
            _party(one.id, one.vendor or one.name, one.role or "third party", contact=one.policy_url)
            for one in recipients.values()
        ),
    ]


def _party(id: str, name: str, role: str, *, address: str = "", contact: str = "") -> dict[str, object]:
    return {
        "party_id": id,
        "party_name": stated(name),
        "party_role": role,
        "party_type": "PII controller" if id == _CONTROLLER else "third party",
        "party_address": stated(address),
        "party_contact": stated(contact),
    }


def _event(joined: Joined, category: Category) -> dict[str, object]:
    given = joined.granted(category)
    no = "withdrawn" if joined.withdraws else "refused"
    days = joined.disclosure.grant_days
    return {
        "event_time": joined.minute.strftime("%Y-%m-%dT%H:%M:00Z"),
        "validity_duration": (f"P{days}D" if days else stated("")) if given else "P0D",
        "entity_id": joined.tag,
        "event_type": "explicit consent",
        "event_state": "given" if given else no,
        "purpose_type": category.value,
    }
