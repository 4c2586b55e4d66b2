"""Counters are what the record says, after whatever happened, and cost nothing of what it holds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.base import Ledger
from gateway.ledger.figures import Figures
from gateway.ledger.tallies import MOST_NAMES, Tallies, beyond, summed
from gateway.model.categories import OPTIONAL
from gateway.model.entry import Event, iso_day
from gateway.statistics.cell import Cell
from gateway.statistics.report import Part
from gateway.statistics.tally import counted
from gateway.statistics.visitor import Visitor
from tests.statistics.histories import event

T = TypeVar("T")
DAY = 20_000

WRITER = """
import asyncio, sys
from dataclasses import replace
from gateway.ledger import open_ledger
from gateway.model.categories import OPTIONAL
from gateway.statistics.tally import counted
from gateway.statistics.visitor import Visitor
from tests.statistics.histories import event

async def main():
    ledger = open_ledger(sys.argv[1], lambda: 20_000 * 86_400.0)
    await ledger.open()
    surfaces = ["banner", "nojs", "settings"]
    async def some(start):
        for n in range(start, start + 10_000, 7):
            made = event(n % 8, "en", surfaces[n % 3])
            made = replace(made, counters=counted(made, OPTIONAL, Visitor("chrome", "phone")))
            await ledger.append(made)
            print(n, flush=True)
    await asyncio.gather(*map(some, range(7)))

asyncio.run(main())
"""


def run(url: str, work: Callable[[Ledger, Tallies], Awaitable[T]]) -> T:
    async def whole() -> T:
        ledger = open_ledger(url, lambda: DAY * 86_400.0)
        try:
            await ledger.open()
            return await work(ledger, open_tallies(url))
        finally:
            await ledger.close()

    return asyncio.run(whole())


async def recount(ledger: Ledger) -> Counter[Cell]:
    counts: Counter[Cell] = Counter()
    async for entry in ledger.entries():
        if entry.body is not None:
            counts.update(counted(Event(entry.kind, DAY, entry.body), OPTIONAL, None))
    return counts


def test_after_a_kill_the_counters_are_what_a_recount_of_the_record_gives(url: str) -> None:
    command = [sys.executable, "-c", WRITER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd(), text=True) as process:
        assert process.stdout is not None
        for _ in range(200):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)

    async def compare(ledger: Ledger, tallies: Tallies) -> tuple[Counter[Cell], dict[Cell, int], dict[Cell, int]]:
        kept = (await tallies.days(["", "surface", "locale", "revision"]))[DAY]
        return await recount(ledger), kept, (await tallies.days(["browser"]))[DAY]

    recounted, kept, browsers = run(url, compare)
    assert sum(recounted[Cell(what)] for what in ("accept_all", "refuse_all", "save")) >= 100
    assert recounted == kept
    for what in ("accept_all", "refuse_all", "save"):
        assert browsers[Cell(what, "browser", "chrome")] == kept[Cell(what)]


def test_an_event_that_comes_days_late_changes_no_period_that_was_told(url: str) -> None:
    now = [DAY * 86_400.0]

    def event_of(day: int) -> Event:
        one = event(7, "en", "banner", day=day)
        return Event(one.kind, one.day, one.body, counted(one, OPTIONAL, Visitor()))

    async def told() -> list[Part]:
        return list((await Figures(open_tallies(url), lambda: now[0]).report()).parts)

    async def work() -> tuple[list[Part], list[Part], dict[int, dict[Cell, int]], list[str]]:
        ledger = open_ledger(url, lambda: now[0])
        await ledger.open()
        await open_tallies(url).settle("day", DAY)
        for _ in range(20):
            await ledger.append(event_of(DAY))
        now[0] += 5 * 86_400
        before = (await told())[:3]
        for _ in range(3):
            await ledger.append(event_of(DAY))
        await ledger.replay([replace(event_of(DAY), salt=bytes(32))], 0)
        after = (await told())[:3]
        days = [entry.day async for entry in ledger.entries()]
        await ledger.close()
        return before, after, await open_tallies(url).days([""]), days

    before, after, days, recorded = asyncio.run(work())
    assert before == after
    assert (len(before), before[0].enough) == (3, True)
    assert (days[DAY][Cell("accept_all")], days[DAY + 4][Cell("accept_all")]) == (20, 4)
    assert set(recorded) == {iso_day(DAY)}


def test_batches_add_up_by_day_and_counter(url: str) -> None:
    async def work(ledger: Ledger, tallies: Tallies) -> dict[int, dict[Cell, int]]:
        await tallies.add([(DAY, Cell("shown"), 2), (DAY, Cell("shown"), 1), (DAY + 1, Cell("shown"), 4)])
        await tallies.add([(DAY, Cell("shown"), 10), (DAY, Cell("shown", "locale", "en"), 1)])
        return await tallies.days([""])

    assert run(url, work) == {DAY: {Cell("shown"): 13}, DAY + 1: {Cell("shown"): 4}}


def test_the_list_of_unknown_names_is_bounded(url: str) -> None:
    async def work(ledger: Ledger, tallies: Tallies) -> dict[int, dict[Cell, int]]:
        for start in (0, 150):
            names = [(DAY, Cell("seen:cookie", "name", f"c{n}x"), 1) for n in range(start, start + 150)]
            await tallies.add([*names, (DAY, Cell("shown"), 1)])
        await tallies.add([(DAY, Cell("seen:cookie", "name", "c3x"), 1), (DAY + 1, Cell("seen:host", "name", "h"), 1)])
        return await tallies.days(["", "name"])

    days = run(url, work)
    assert len([cell for cell in days[DAY] if cell.dimension == "name"]) == MOST_NAMES
    assert days[DAY][Cell("seen:cookie", "name", "c3x")] == 2
    assert days[DAY][Cell("shown")] == 2
    assert len(days[DAY + 1]) == 1


def test_a_base_period_holds_from_its_start_and_an_announcement_can_be_taken_back(url: str) -> None:
    monday = 20_003  # 2024-10-07

    async def work(ledger: Ledger, tallies: Tallies) -> list[list[tuple[int, str]]]:
        found = []
        for kind, today in [("week", monday + 2), ("week", monday + 9), ("day", monday + 9), ("week", monday + 10)]:
            await tallies.settle(kind, today)
            found.append(await tallies.schedule())
        return found

    first, same, announced, back = run(url, work)
    assert first == same == back == [(monday, "week")]
    assert announced == [(monday, "week"), (monday + 14, "day")]


def test_what_was_pushed_is_remembered(url: str) -> None:
    async def work(ledger: Ledger, tallies: Tallies) -> set[str]:
        await tallies.note_pushed(["2026-W47"])
        await tallies.note_pushed(["2026-W47", "2026-W48"])
        return await tallies.pushed()

    assert run(url, work) == {"2026-W47", "2026-W48"}


def test_the_same_counter_twice_is_one_row() -> None:
    shown = Cell("shown")
    assert summed([(DAY, shown, 2), (DAY + 1, shown, 1), (DAY, shown, 3)]) == {(DAY, shown): 5, (DAY + 1, shown): 1}


def test_names_known_already_take_no_new_place() -> None:
    names = [(DAY, Cell("seen:host", "name", f"h{n}")) for n in range(3)]
    kept = [(DAY, "seen:host", f"h{n}") for n in range(MOST_NAMES)]
    assert beyond(names, kept) == set()
    assert beyond(names, [(DAY, "seen:host", f"k{n}") for n in range(MOST_NAMES - 1)]) == set(names[1:])
