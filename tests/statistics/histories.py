"""Made-up histories of a shop: visitors who decide, counted as the gateway counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from hypothesis import strategies as st

from gateway.model.categories import OPTIONAL, Category
from gateway.model.entry import Event, Kind, choice_event
from gateway.statistics.cell import KINDS, ON_BANNER, Cell
from gateway.statistics.tally import counted, shown
from gateway.statistics.visitor import BROWSERS, Visitor

HASH = "0" * 64
Group = tuple[int, int, str, str, str]


def event(choices: int, locale: str, surface: str, kind: Kind | None = None, day: int = 20_000) -> Event:
    """A choice; bit n of `choices` says whether the n-th optional category is granted."""
    kind = kind or (Kind.GRANT if choices else Kind.REFUSE)
    return choice_event(
        kind,
        now=day * 86_400.0,
        subject_tag=None if kind is Kind.REFUSE else bytes(16),
        choices={c.value: choices >> bit & 1 for bit, c in enumerate(OPTIONAL)},
        notice_rev=1,
        notice_sha256=HASH,
        ui_sha256=HASH,
        policy_rev=1,
        tenant="",
        locale=locale,
        layout="wide",
        surface=surface,
        signal=0,
    )


def counts_of(
    groups: list[Group], displays: list[tuple[int, str, str]], offered: Sequence[Category] = OPTIONAL
) -> Counter[Cell]:
    """The counters after groups of equal visitors: how many, their choices, locale, browser, surface."""
    counts: Counter[Cell] = Counter()
    for number, choices, locale, browser, surface in groups:
        for cell in counted(event(choices, locale, surface), offered, Visitor(browser)):
            counts[cell] += number
    for number, locale, browser in displays:
        for cell in shown(locale, Visitor(browser), 1):
            counts[cell] += number
    return counts


_NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 12), st.integers(0, 300))
_LOCALES = st.sampled_from(["zh-Hant", "zh-Hant", "en"])
_BROWSERS = st.sampled_from(BROWSERS)
_SURFACES = st.sampled_from(["banner", "banner", "banner", "nojs", "settings", "embed"])
_CHOICES = st.one_of(st.sampled_from([0, 7]), st.integers(0, 7))
_GROUPS = st.lists(st.tuples(_NUMBERS, _CHOICES, _LOCALES, _BROWSERS, _SURFACES), max_size=12)
_DISPLAYS = st.lists(st.tuples(_NUMBERS, _LOCALES, _BROWSERS), max_size=8)
histories = st.builds(counts_of, _GROUPS, _DISPLAYS)


class History(NamedTuple):
    """The counters of one base period, and how often each choice ("101": all but the second) was made on the banner.

    `answered`: there were as many displays as decisions at least, everywhere.
    """

    counts: Counter[Cell]
    made: Counter[str]
    answered: bool


def history_of(
    offered: Sequence[Category], groups: list[Group], displays: list[tuple[int, str, str]], answered: bool
) -> History:
    """The history of a shop that offers these categories."""
    groups = [(n, choices % 2 ** len(offered), locale, browser, on) for n, choices, locale, browser, on in groups]
    if answered:
        displays = [*displays, *((n, locale, browser) for n, _, locale, browser, _ in groups)]
    made: Counter[str] = Counter()
    for number, choices, _, _, surface in groups:
        if surface in ON_BANNER:
            made["".join(str(choices >> bit & 1) for bit in range(len(offered)))] += number
    return History(counts_of(groups, displays, offered), made, answered)


_SMALL: Final = st.one_of(st.integers(0, 12), st.integers(8, 40), st.integers(0, 300))
_BUSY: Final = st.lists(
    st.tuples(_SMALL, st.integers(0, 7), _LOCALES, st.sampled_from(BROWSERS[:2]), _SURFACES), min_size=4, max_size=14
)


def shops(offered: Sequence[Category]) -> st.SearchStrategy[list[History]]:
    """Two base periods of one shop."""
    of = st.builds(history_of, st.just(offered), st.one_of(_GROUPS, _BUSY, _BUSY), _DISPLAYS, st.shared(st.booleans()))
    return st.lists(of, min_size=2, max_size=2)


_KIND_CELLS = st.builds(
    lambda kind, service: Cell(f"enforced:{kind}", "service", service), st.sampled_from(KINDS), st.sampled_from("abc")
)
enforcements = st.dictionaries(_KIND_CELLS, st.integers(0, 40), max_size=12).map(Counter)
