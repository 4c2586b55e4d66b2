"""One entry of the catalogue."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.model.categories import Category
from gateway.model.service import Service


def test_a_service_is_enforced_in_a_trial_unless_it_says_otherwise() -> None:
    assert Service("a", "A", Category.PREFERENCES).in_trial
    assert not Service("a", "A", Category.PREFERENCES).embed


def test_a_service_never_changes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Service("a", "A", Category.MARKETING).name = "B"  # type: ignore[misc]
