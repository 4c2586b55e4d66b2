"""Consent receipts, checked by a validator that is not ours."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import ValidationError

from gateway.model.disclosure import Disclosure
from gateway.model.entry import Kind
from gateway.model.kantara import consent_receipt
from tests.ledger.record import DAY, NOTICE, choice, given
from tests.ledger.schemas import KANTARA, validate
from tests.model.test_joined import SILENT, joined


def receipt(kind: Kind, *granted: str, disclosure: Disclosure = NOTICE, surface: str = "banner") -> Any:
    return consent_receipt(joined(choice(kind, 1, choices=given(*granted), surface=surface), disclosure))


@pytest.mark.parametrize("kind", [Kind.GRANT, Kind.CHANGE, Kind.WITHDRAW, Kind.GPC])
@pytest.mark.parametrize("granted", [(), ("statistics",), ("preferences", "statistics", "marketing")])
@pytest.mark.parametrize("disclosure", [NOTICE, SILENT], ids=["full", "silent"])
def test_every_receipt_has_the_fields_of_the_specification(
    kind: Kind, granted: tuple[str, ...], disclosure: Disclosure
) -> None:
    validate(KANTARA, receipt(kind, *granted, disclosure=disclosure))


def test_the_validator_sees_a_third_party_without_a_name() -> None:
    made = receipt(Kind.GRANT, "statistics")
    del made["services"][0]["purposes"][0]["thirdPartyName"]
    with pytest.raises(ValidationError):
        validate(KANTARA, made)


def test_a_receipt_says_what_the_notice_said() -> None:
    made = receipt(Kind.GRANT, "statistics")
    ((purpose,),) = ([*service["purposes"]] for service in made["services"])
    assert purpose == {
        "purpose": "Which pages are used",
        "purposeCategory": ["16 - Improve Performance"],
        "consentType": "EXPLICIT",
        "piiCategory": ["pages visited"],
        "primaryPurpose": False,
        "termination": "on withdrawal, on 2027-05-22 at the latest",
        "thirdPartyDisclosure": True,
        "thirdPartyName": "Count Inc",
    }
    assert made["piiControllers"][0]["email"] == "privacy@hill.example"
    assert made["piiControllers"][0]["phone"] == "not stated"
    assert (made["policyUrl"], made["jurisdiction"]) == ("/_choices/notice/1", "TW")
    assert made["consentTimestamp"] == DAY * 86_400


def test_only_what_is_granted_is_listed() -> None:
    made = receipt(Kind.GRANT, "marketing")
    assert [purpose["purpose"] for purpose in made["services"][0]["purposes"]] == ["Advertisements"]


def test_a_withdrawal_calls_itself_one_and_is_no_yes_to_anything() -> None:
    made = receipt(Kind.WITHDRAW, surface="settings")
    assert made["collectionMethod"] == "withdrawal: settings page"
    assert made["services"] == []
    assert made["proof"]["kind"] == "withdraw"


@pytest.mark.parametrize("surface", ["banner", "settings", "nojs", "gpc", "embed"])
def test_every_surface_has_a_name(surface: str) -> None:
    assert receipt(Kind.GRANT, "marketing", surface=surface)["collectionMethod"]
