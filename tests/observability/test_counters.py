"""Counters."""

from __future__ import annotations

from gateway.observability import counters
from gateway.observability.counters import Counters, Series


def test_equal_things_are_added_up() -> None:
    counts = Counters()
    counts.add("script", "a", "hold")
    counts.add("script", "a", "hold", 2)
    counts.add("script", "a", "remove")
    assert list(counts.rows()) == [(Series("script", "a", "hold"), 3), (Series("script", "a", "remove"), 1)]


def test_there_is_a_bound_on_different_things() -> None:
    counts = Counters()
    for number in range(counters.MOST_SERIES + 5):
        counts.add("script", f"s{number}", "hold")
    rows = dict(counts.rows())
    assert len(rows) == counters.MOST_SERIES + 1
    assert rows[Series("script", "unknown", "hold")] == 5
