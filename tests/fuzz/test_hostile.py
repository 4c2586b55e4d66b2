"""Hostile input: twice of it is twice the work."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from tests.fuzz.hostile import FAMILIES, Family

SIZE = 3000
MOST = 2.6
"""How many times the calls there may be for twice the input: a power of two would be 4, and short inputs waver."""


def calls(family: Family, size: int) -> int:
    """How many functions, Python's and C's, are called for an input of that size."""
    count = 0
    data = family.of(size)

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        family.work(data)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", FAMILIES)
def test_the_number_of_calls_grows_no_faster_than_the_input(name: str) -> None:
    family = FAMILIES[name]
    calls(family, SIZE)
    once, twice = calls(family, SIZE), calls(family, 2 * SIZE)
    assert twice < MOST * once + 500


@pytest.mark.parametrize("name", [name for name in FAMILIES if "in crumbs" not in name])
def test_a_hundred_kilobytes_come_to_an_end(name: str) -> None:
    """Work inside one call cannot be counted; where it grows with the square, this takes minutes (`timeout`)."""
    FAMILIES[name].work(FAMILIES[name].of(100_000))
