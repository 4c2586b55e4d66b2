"""Evidence kept for a reason and for a time."""

from __future__ import annotations

import pytest

from gateway.model.hold import Hold


def test_a_hold_ends_after_its_last_day() -> None:
    hold = Hold("claim 12/2026", 20_000)
    assert hold.in_force(19_999)
    assert hold.in_force(20_000)
    assert not hold.in_force(20_001)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_hold_without_a_reason_is_none(reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        Hold(reason, 20_000)
