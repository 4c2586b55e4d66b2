"""Sixteen weeks of made-up visitors for the demo's dashboard, counted by the counters' own code."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Final

from gateway.demo.trackers import TRACKERS
from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.tallies import Raised
from gateway.model.categories import OPTIONAL, Category
from gateway.model.entry import Event, Kind, choice_event
from gateway.staff import SAMPLE
from gateway.statistics.cell import Cell
from gateway.statistics.periods import holding
from gateway.statistics.tally import counted, shown
from gateway.statistics.visitor import Visitor

WEEKS: Final = 16
_LOCALES: Final = {"zh-Hant": 0.86, "en": 0.14}
_VISITORS: Final = {
    Visitor("chrome", "phone"): 0.34,
    Visitor("safari", "phone"): 0.31,
    Visitor("chrome", "desktop"): 0.17,
    Visitor("edge", "desktop"): 0.08,
    Visitor("samsung", "phone"): 0.05,
    Visitor("firefox", "desktop"): 0.03,
    Visitor("other", "phone"): 0.02,
}
_ENFORCED: Final = {
    Category.MARKETING: {"scripts": 0.9, "pixels": 0.8, "cookies_cut": 0.3, "cookies_expired": 0.2, "headers": 0.1},
    Category.STATISTICS: {"scripts": 0.8, "cookies_cut": 0.25, "hints": 0.4},
    Category.PREFERENCES: {"frames": 0.2, "scripts": 0.15},
}
_BETWEEN: Final = (
    *2 * ((Category.PREFERENCES,), (Category.PREFERENCES, Category.STATISTICS)),
    (Category.STATISTICS,),
    (Category.PREFERENCES, Category.MARKETING),
    (Category.STATISTICS, Category.MARKETING),
)
"""Choices between all and nothing, the frequent ones twice."""
_UNKNOWN: Final = {
    Cell("seen:cookie", "name", "ab_group_*"): 31,
    Cell("seen:host", "name", "widgets.raingauge.example"): 14,
}


async def write_history(url: str, today: int) -> None:
    """Writes it into an empty record at `url`, up to the UTC epoch day `today`. Raises LedgerError."""
    ledger = open_ledger(url)
    try:
        await ledger.open()
        await ledger.remember(SAMPLE, "the statistics were made up for the demo")
    finally:
        await ledger.close()
    tallies = open_tallies(url)
    first = holding("week", today - 7 * WEEKS).first
    await tallies.settle("week", first)
    chance = random.Random(148)  # noqa: S311 -- the same history for everybody
    await tallies.add([raised for day in range(first, today) for raised in _day(day, day - first, chance)])


def _day(day: int, since: int, chance: random.Random) -> Iterator[Raised]:
    busy = (150 + since / 2) * (1.3 if day % 7 in (2, 3) else 1) * chance.uniform(0.85, 1.15)
    for (locale, part), (visitor, share) in product(_LOCALES.items(), _VISITORS.items()):
        number = round(busy * part * share * chance.uniform(0.8, 1.2))
        yield from ((day, cell, number) for cell in shown(locale, visitor, 1))
        answering, accepting = 0.62 + since / 1500, 0.47 + since / 2000
        for _ in range(round(number * answering)):
            event = _event(day, locale, visitor, accepting, chance)
            yield from ((day, cell, 1) for cell in counted(event, OPTIONAL, visitor))
    for tracker, kind in ((t, k) for t in TRACKERS for k in _ENFORCED[t.category]):
        share = _ENFORCED[tracker.category][kind] * chance.uniform(0.7, 1)
        yield day, Cell(f"enforced:{kind}", "service", tracker.id), round(busy * 2 * share)
    yield day, Cell("enforced:click_ids", "service", "unknown"), round(busy * chance.uniform(0.05, 0.12))
    for name, most in (("withdraw", 5), ("expired", 4), ("gpc", 3), ("cookieless", 6)):
        yield day, Cell(name), chance.randint(0, most)
    yield from ((day, cell, chance.randint(0, number)) for cell, number in _UNKNOWN.items())


def _event(day: int, locale: str, visitor: Visitor, accepting: float, chance: random.Random) -> Event:
    told = chance.random()
    if told < accepting:
        yes = set(OPTIONAL)
    elif told < accepting + 0.16:
        yes = set(chance.choice(_BETWEEN))
    else:
        yes = set()
    kind = Kind.GRANT if yes else Kind.REFUSE
    return choice_event(
        kind,
        now=day * 86_400.0,
        subject_tag=bytes(16) if yes else None,
        choices={category.value: int(category in yes) for category in OPTIONAL},
        notice_rev=1,
        notice_sha256="0" * 64,
        ui_sha256="0" * 64,
        policy_rev=1,
        tenant="",
        locale=locale,
        layout="narrow" if visitor.device == "phone" else "wide",
        surface="banner" if chance.random() < 0.97 else "settings",
        signal=0,
    )
