"""JSON Schemas of what the record is exported as, written from the public lists of fields.

ISO/IEC TS 27560:2023: clause 6.3 as listed in the W3C's guide to it (mandatory and optional fields). Kantara consent
receipt 1.1.0: section 4 of the specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "array", "items": TEXT}
SOME_TEXTS: Schema = {**TEXTS, "minItems": 1}
UUID: Schema = {"type": "string", "format": "uuid"}
LANGUAGE: Schema = {"type": "string", "pattern": "^[a-z]{2}(-[A-Z][a-z]{3})?$"}
GAP: Schema = {"const": "not stated"}
DURATION: Schema = {"anyOf": [{"type": "string", "pattern": r"^P\d+D$"}, GAP]}
PAGE: Schema = {"anyOf": [{"type": "string", "format": "uri-reference"}, GAP]}


def object_of(required: Schema, optional: Schema | None = None, *, closed: bool = True) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": not closed,
    }


def list_of(items: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


PROOF = object_of({"seq": {"type": "integer"}, "head": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}, closed=False)

ISO_PURPOSE = object_of(
    {
        "purpose": TEXT,
        "pii_information": list_of(
            object_of(
                {"pii_type": TEXT},
                {
                    "pii_attribute_id": TEXT,
                    "pii_optional": {"type": "boolean"},
                    "sensitive_pii_category": TEXT,
                    "special_pii_category": TEXT,
                },
            )
        ),
        "pii_controllers": SOME_TEXTS,
        "storage_locations": SOME_TEXTS,
        "retention_period": DURATION,
        "jurisdiction": TEXT,
        "recipient_third_parties": TEXTS,
        "withdrawal_method": TEXT,
    },
    {
        "purpose_type": SOME_TEXTS,
        "lawful_basis": TEXT,
        "collection_method": TEXT,
        "processing_method": TEXT,
        "processing_locations": SOME_TEXTS,
        "geographic_restrictions": TEXTS,
        "service": TEXT,
        "privacy_rights": TEXTS,
        "codes_of_conduct": TEXTS,
        "impact_assessment": TEXT,
        "authority_party": TEXT,
    },
)
ISO_PARTY = object_of(
    {"party_id": TEXT, "party_address": TEXT, "party_name": TEXT, "party_contact": TEXT, "party_type": TEXT},
    {"party_email": {"type": "string", "format": "email"}, "party_url": TEXT, "party_phone": TEXT, "party_role": TEXT},
)
ISO_EVENT = object_of(
    {
        "event_time": {"type": "string", "format": "date-time"},
        "validity_duration": DURATION,
        "entity_id": TEXT,
        "event_type": TEXT,
        "event_state": {"enum": ["given", "refused", "withdrawn"]},
    },
    {"purpose_type": TEXT},
)
ISO27560 = object_of(
    {
        "header": object_of(
            {"schema_version": {"const": "ISO/IEC TS 27560:2023"}, "record_id": UUID, "pii_principal_id": TEXT}
        ),
        "pii_processing": object_of(
            {
                "privacy_notice": PAGE,
                "language": LANGUAGE,
                "purposes": list_of(ISO_PURPOSE),
            }
        ),
        "party_identification": list_of(ISO_PARTY),
        "event": list_of(ISO_EVENT),
    },
    {"proof": PROOF},
)

KANTARA_PURPOSE: Schema = {
    **object_of(
        {
            "purposeCategory": list_of({"type": "string", "pattern": r"^\d+ - "}),
            "consentType": {"enum": ["EXPLICIT", "IMPLICIT"]},
            "piiCategory": SOME_TEXTS,
            "termination": TEXT,
            "thirdPartyDisclosure": {"type": "boolean"},
        },
        {"purpose": TEXT, "primaryPurpose": {"type": "boolean"}, "thirdPartyName": TEXT},
    ),
    "if": {"properties": {"thirdPartyDisclosure": {"const": True}}},
    "then": {"required": ["thirdPartyName"]},
}
KANTARA = object_of(
    {
        "version": {"const": "KI-CR-v1.1.0"},
        "jurisdiction": TEXT,
        "consentTimestamp": {"type": "integer", "minimum": 0},
        "collectionMethod": TEXT,
        "consentReceiptID": UUID,
        "piiPrincipalId": TEXT,
        "piiControllers": list_of(
            object_of(
                {
                    "piiController": TEXT,
                    "contact": TEXT,
                    "address": {"type": "object"},
                    "email": TEXT,
                    "phone": TEXT,
                },
                {"onBehalf": {"type": "boolean"}, "piiControllerUrl": TEXT},
            )
        ),
        "policyUrl": PAGE,
        "services": list_of(object_of({"service": TEXT, "purposes": list_of(KANTARA_PURPOSE)}), 0),
        "sensitive": {"type": "boolean"},
        "spiCat": TEXTS,
    },
    {"publicKey": TEXT, "language": LANGUAGE, "proof": PROOF},
)


def validate(schema: Schema, instance: object) -> None:
    """Raises jsonschema.ValidationError; formats count too."""
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(instance)
