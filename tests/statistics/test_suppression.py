"""Nothing hidden can be told from what is told."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.categories import OPTIONAL, Category
from gateway.statistics.cell import DECISIONS, VALUES, Cell, Counts, granted, refused
from gateway.statistics.suppression import K, hide, hide_rows, rounded, tell, tell_enforcement
from tests.statistics.attack import DIMENSIONS, System
from tests.statistics.histories import Group, counts_of, enforcements, histories

MANY: list[Group] = [(100, 7, "zh-Hant", "chrome", "banner"), (60, 0, "zh-Hant", "chrome", "banner")]


def complete(counts: Counts) -> Counter[Cell]:
    """With the sums that are told but not kept."""
    whole = Counter(counts)
    for name, values in [("", ("",)), *((name, VALUES[name]) for name in DIMENSIONS)]:
        for value in values:
            whole[Cell("decisions", name, value)] = sum(counts.get(Cell(w, name, value), 0) for w in DECISIONS)
            not_all = sum(counts.get(Cell(w, name, value), 0) for w in DECISIONS[1:])
            whole[Cell("not all", name, value)] = not_all
    return whole


@settings(max_examples=60)
@given(histories)
def test_no_count_that_is_hidden_is_determined_below_k(counts: Counts) -> None:
    told, whole = tell(counts), complete(counts)
    system = System()
    system.learn(told)
    hidden = [cell for cell in system.names if not cell.what.startswith("savers") and cell not in told]
    small = [cell for cell in hidden if whole[cell] < K and not _follows(cell, told)]
    # Hidden parts of one sum are all alike, but for the surfaces, not all of which belong to it.
    for cell in {(c.what, c.dimension, c.value if c.dimension == "surface" else ""): c for c in small}.values():
        lowest, highest = system.range(cell)
        assert highest >= K, cell
        assert highest - lowest >= K - 1 - 4, cell


def _follows(cell: Cell, told: Counts) -> bool:
    """Whether a difference of two counts told gives it, which then has at least K too."""
    row = [Cell(what, cell.dimension, cell.value) for what in ("decisions", "accept_all")]
    return cell.what == "not all" and all(other in told for other in row)


@settings(max_examples=300)
@given(histories)
def test_what_is_told_is_true_to_the_rounding_and_never_of_fewer_than_k(counts: Counts) -> None:
    whole = complete(counts)
    for cell, n in tell(counts).items():
        assert whole[cell] >= K
        assert n == rounded(whole[cell])
        assert abs(n - whole[cell]) <= 2


@settings(max_examples=300)
@given(histories)
def test_acceptance_and_the_rest_of_a_row_are_both_of_k_or_more(counts: Counts) -> None:
    told, whole = tell(counts), complete(counts)
    for cell in told:
        if cell.what == "accept_all":
            assert whole[cell._replace(what="not all")] >= K


@given(enforcements)
def test_enforcement_is_told_count_by_count(counts: Counts) -> None:
    told = tell_enforcement(counts)
    if sum(counts.values()) < K:
        assert told == {}
    else:
        assert told == {cell: rounded(n) for cell, n in counts.items() if n >= K}


def test_fewer_than_k_decisions_hide_the_whole_period() -> None:
    counts = counts_of([(9, 7, "en", "chrome", "banner")], [(500, "en", "chrome")])
    assert tell(counts) == {}
    assert tell(counts + counts_of([(1, 0, "en", "chrome", "banner")], []))[Cell("decisions")] == 10


def test_a_small_count_beside_its_sum_takes_the_smallest_other_along() -> None:
    told = tell(counts_of([*MANY, (3, 1, "zh-Hant", "chrome", "banner")], []))
    assert told[Cell("decisions")] == 165
    assert told[Cell("accept_all")] == 100
    assert Cell("save") not in told
    assert Cell("refuse_all") not in told


def test_acceptances_are_the_last_to_be_hidden_for_others() -> None:
    told = tell(counts_of([(60, 7, "en", "edge", "banner"), (100, 0, "en", "edge", "banner")], []))
    assert (told[Cell("decisions")], told[Cell("accept_all")]) == (160, 60)
    assert Cell("refuse_all") not in told


def test_granted_and_refused_are_hidden_together() -> None:
    accepted: Group = (100, 7, "en", "edge", "banner")
    groups = [accepted, (50, 5, "en", "edge", "banner"), (4, 0, "en", "edge", "nojs")]
    told = tell(counts_of(groups, []))
    marketing, preferences = Category.MARKETING, Category.PREFERENCES
    assert Cell(granted(marketing)) not in told
    assert Cell(refused(marketing)) not in told
    assert Cell(granted(preferences)) not in told
    statistics = Category.STATISTICS
    assert (told[Cell(granted(statistics))], told[Cell(refused(statistics))]) == (100, 55)


def test_one_small_locale_hides_the_other_one() -> None:
    told = tell(counts_of([*MANY, (4, 7, "en", "chrome", "banner")], []))
    assert not [cell for cell in told if cell.dimension == "locale"]


def test_decisions_in_the_settings_belong_to_no_sum_of_the_banner() -> None:
    told = tell(counts_of([*MANY, (30, 7, "en", "chrome", "settings"), (30, 0, "en", "chrome", "settings")], []))
    assert told[Cell("decisions")] == 160
    assert told[Cell("decisions", "surface", "settings")] == 60


def test_counters_that_are_asked_by_nothing_are_never_told() -> None:
    told = tell(counts_of([(200, n, "en", "chrome", "banner") for n in range(8)], [(900, "en", "safari")]))
    assert {cell.dimension for cell in told} <= {"", *DIMENSIONS}


@pytest.mark.parametrize(
    ("parts", "hidden"),
    [
        pytest.param({"a": 50, "b": 40}, set(), id="nothing small"),
        pytest.param({"a": 50, "b": 0, "c": 90}, {"a", "b"}, id="zero is small, and alone"),
        pytest.param({"a": 5, "b": 5, "c": 90}, {"a", "b"}, id="two small ones that make k"),
        pytest.param({"a": 5, "b": 4, "c": 90, "d": 80}, {"a", "b", "d"}, id="two small ones that do not"),
        pytest.param({"a": 5, "b": 90}, {"a", "b"}, id="nobody is left"),
    ],
)
def test_what_is_hidden_of_a_sum(parts: dict[str, int], hidden: set[str]) -> None:
    assert hide(parts) == hidden


@given(st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2))
def test_hidden_rows_protect_each_other_or_none_is_told(rows: dict[str, tuple[int, int]]) -> None:
    hidden = hide_rows(rows)
    assert not {key for key, row in rows.items() if min(row) < K} - hidden
    if hidden and hidden != set(rows):
        assert len(hidden) > 1
        assert all(sum(column) >= K for column in zip(*(rows[key] for key in hidden), strict=True))


@pytest.mark.parametrize(("count", "told"), [(10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1000, 1000)])
def test_counts_are_rounded_to_the_nearest_five(count: int, told: int) -> None:
    assert rounded(count) == told


def test_every_category_has_its_pair() -> None:
    assert len({name(c) for c in OPTIONAL for name in (granted, refused)}) == 6
