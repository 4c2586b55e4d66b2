"""Purposes, grounds and uses that follow from a category."""

from __future__ import annotations

import pytest

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.categories import OPTIONAL, Category
from gateway.model.register import (
    CODES,
    CONSENT,
    SECURITY_SERVICES,
    SESSION_REPLAY,
    fits,
    usual_basis,
    usual_code,
    usual_use,
)
from gateway.model.service import Service


@pytest.mark.parametrize(
    ("category", "code", "basis", "use"),
    [
        (Category.NECESSARY, "148", "19-1-2", "b"),
        (Category.PREFERENCES, "090", "19-1-5", "f"),
        (Category.STATISTICS, "157", "19-1-5", "c"),
        (Category.MARKETING, "040", "19-1-5", "c"),
    ],
)
def test_each_category_has_its_purpose_ground_and_use(category: Category, code: str, basis: str, use: str) -> None:
    assert usual_code(Service("a", "A", category), CODES) == code
    assert (usual_basis(category), usual_use(category)) == (basis, use)
    assert fits(code, category)


def test_what_a_visitor_can_refuse_rests_on_consent() -> None:
    assert {usual_basis(category) for category in OPTIONAL} == {CONSENT}


def test_security_is_filed_under_148_until_the_policy_declares_137() -> None:
    check = Service("hcaptcha", "hCaptcha", Category.NECESSARY)
    assert usual_code(check, CODES) == "148"
    assert usual_code(check, (*CODES, "137")) == "137"
    assert usual_code(Service("hcaptcha", "hCaptcha", Category.PREFERENCES), (*CODES, "137")) == "090"


def test_a_purpose_goes_with_its_categories_and_a_further_one_with_any() -> None:
    assert fits("090", Category.NECESSARY)
    assert not fits("040", Category.STATISTICS)
    assert not fits("148", Category.MARKETING)
    assert all(fits("069", category) for category in Category)


def test_the_services_named_here_are_in_the_catalogue() -> None:
    known = load_catalogue().by_id
    assert set(known) >= SECURITY_SERVICES | SESSION_REPLAY
    assert {known[name].category for name in SESSION_REPLAY} == {Category.STATISTICS}
