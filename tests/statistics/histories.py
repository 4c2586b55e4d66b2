"""Made-up histories of a shop: visitors who decide, counted as the gateway counts them."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st

from gateway.model.categories import OPTIONAL
from gateway.model.entry import Event, Kind, choice_event
from gateway.statistics.cell import KINDS, Cell
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


def counts_of(groups: list[Group], displays: list[tuple[int, str, str]]) -> Counter[Cell]:
    """The counters after groups of equal visitors: how many, their choices, locale, browser, surface."""
    counts: Counter[Cell] = Counter()
    for number, choices, locale, browser, surface in groups:
        for cell in counted(event(choices, locale, surface), OPTIONAL, Visitor(browser)):
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

_KIND_CELLS = st.builds(
    lambda kind, service: Cell(f"enforced:{kind}", "service", service), st.sampled_from(KINDS), st.sampled_from("abc")
)
enforcements = st.dictionaries(_KIND_CELLS, st.integers(0, 40), max_size=12).map(Counter)
