"""Counters."""

from __future__ import annotations

import asyncio

from gateway.observability import counters
from gateway.observability.counters import Counters, Series, uncounted


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


def test_a_listener_hears_what_is_counted_and_nothing_else() -> None:
    heard: list[tuple[Series, int]] = []
    counts = Counters(lambda series, number: heard.append((series, number)))
    counts.add("script", "a", "hold", 3)
    with uncounted():
        counts.add("script", "a", "hold")
        assert not counters.is_counting()
    assert heard == [(Series("script", "a", "hold"), 3)]


def test_what_a_declared_bot_asks_for_is_not_counted_and_others_meanwhile_are() -> None:
    counts = Counters()

    async def bot(others: asyncio.Event) -> None:
        with uncounted():
            counts.add("script", "bot", "hold")
            await others.wait()
            counts.add("script", "bot", "hold")
        counts.add("script", "later", "hold")

    async def both() -> None:
        others = asyncio.Event()
        running = asyncio.create_task(bot(others))
        await asyncio.sleep(0)
        counts.add("script", "other", "hold")
        others.set()
        await running

    asyncio.run(both())
    assert [series.service for series, _ in counts.rows()] == ["later", "other"]
