"""Hostile input: twice of it is twice the work."""

from __future__ import annotations

import pytest

from tests.calls import calls
from tests.fuzz.hostile import FAMILIES, Family

SIZE = 3000
MOST = 2.6
"""How many times the calls there may be for twice the input: a power of two would be 4, and short inputs waver."""


def calls_for(family: Family, size: int) -> int:
    data = family.of(size)
    return calls(lambda: family.work(data))


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.usefixtures("unmeasured")
def test_the_number_of_calls_grows_no_faster_than_the_input(name: str) -> None:
    family = FAMILIES[name]
    calls_for(family, SIZE - 1)  # what is done once a process; never the same bytes, which may be remembered
    once, twice = calls_for(family, SIZE), calls_for(family, 2 * SIZE)
    assert twice < MOST * once + 500


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [name for name in FAMILIES if "in crumbs" not in name])
@pytest.mark.usefixtures("unmeasured")
def test_a_hundred_kilobytes_come_to_an_end(name: str) -> None:
    """Work inside one call cannot be counted; where it grows with the square, this takes minutes (`timeout`)."""
    FAMILIES[name].work(FAMILIES[name].of(100_000))
