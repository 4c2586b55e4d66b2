"""Consent records, checked by a validator that is not ours."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import ValidationError

from gateway.model.disclosure import Disclosure
from gateway.model.entry import Kind
from gateway.model.iso27560 import consent_record
from gateway.model.joined import Known
from tests.ledger.events import tag
from tests.ledger.record import NOTICE, choice, given
from tests.ledger.schemas import ISO27560, validate
from tests.model.test_joined import SILENT, joined


def record(kind: Kind, *granted: str, disclosure: Disclosure = NOTICE) -> Any:
    return consent_record(joined(choice(kind, 1, choices=given(*granted)), disclosure))


@pytest.mark.parametrize("kind", [Kind.GRANT, Kind.CHANGE, Kind.WITHDRAW, Kind.GPC])
@pytest.mark.parametrize("granted", [(), ("statistics",), ("preferences", "statistics", "marketing")])
def test_every_record_has_the_fields_of_the_standard(kind: Kind, granted: tuple[str, ...]) -> None:
    validate(ISO27560, record(kind, *granted))
    validate(ISO27560, record(kind, *granted, disclosure=SILENT))


def test_the_validator_sees_a_missing_field() -> None:
    made = record(Kind.GRANT, "statistics")
    del made["pii_processing"]["purposes"][0]["storage_locations"]
    with pytest.raises(ValidationError):
        validate(ISO27560, made)


def test_a_record_says_what_the_notice_said() -> None:
    made = record(Kind.GRANT, "statistics")
    statistics, marketing = made["pii_processing"]["purposes"]
    assert statistics["purpose"] == "Which pages are used"
    assert statistics["pii_information"] == [{"pii_type": "pages visited", "pii_optional": True}]
    assert statistics["storage_locations"] == ["TW", "US"]
    assert statistics["lawful_basis"] == "consent, PDPA Art. 19(1)(5)"
    assert statistics["recipient_third_parties"] == ["counter"]
    assert statistics["privacy_rights"] == ["inspect", "erase"]
    assert marketing["purpose"] == "Advertisements"
    assert [party["party_name"] for party in made["party_identification"]] == ["Hill Ltd", "Count Inc"]


def test_a_gap_of_the_notice_stays_one() -> None:
    made = record(Kind.GRANT, "marketing", disclosure=SILENT)
    assert made["pii_processing"]["privacy_notice"] == "not stated"
    assert made["party_identification"][0]["party_name"] == "not stated"
    assert {event["validity_duration"] for event in made["event"]} == {"P0D", "not stated"}


@pytest.mark.parametrize(
    ("kind", "no"), [(Kind.GRANT, "refused"), (Kind.WITHDRAW, "withdrawn"), (Kind.GPC, "withdrawn")]
)
def test_each_category_has_its_event(kind: Kind, no: str) -> None:
    made = record(kind, "statistics")
    states = {event["purpose_type"]: event["event_state"] for event in made["event"]}
    assert states == {"statistics": "given", "marketing": no}
    assert [event["validity_duration"] for event in made["event"]] == ["P185D", "P0D"]
    assert {event["event_time"] for event in made["event"]} == {"2026-11-18T00:00:00Z"}


def test_the_principal_is_the_pseudonym_and_nothing_else() -> None:
    made = record(Kind.GRANT, "statistics")
    assert made["header"]["pii_principal_id"] == made["event"][0]["entity_id"] == tag(1).hex()
    assert made["proof"]["notice"] == Known.ARCHIVE.value
