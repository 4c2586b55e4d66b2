"""Nothing hidden can be told from what is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.model.categories import OPTIONAL, Category
from gateway.statistics.cell import DECISIONS, VALUES, Cell, Counts, granted, refused
from gateway.statistics.periods import holding
from gateway.statistics.report import report
from gateway.statistics.suppression import K, hide_rows, rounded, tell, tell_enforcement
from tests.statistics.attack import EVERY_OFFER, Attack, Scheme, told_by
from tests.statistics.histories import Group, History, counts_of, enforcements, histories, history_of, shops

DIMENSIONS = ("locale", "browser", "surface")
MONDAY = holding("week", 20_000).first
LATER = (MONDAY + 10) * 86_400.0
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


SCHEMES = {len(offered): Scheme(offered) for offered in EVERY_OFFER}


def ruled_out(shop: list[History], scheme: Scheme) -> list[tuple[int, str, float]]:
    """What all answers of a shop tell of groups below K: those that cannot be K, with the most they can be."""
    days = {MONDAY + day: history.counts for day, history in enumerate(shop)}
    periods: list[dict[Cell, int]] = [{} for _ in shop]
    week: dict[Cell, int] = {}
    for by in ("", *DIMENSIONS, "category"):
        for day, part in enumerate(report(days, [(MONDAY, "day")], LATER, by=by).parts[: len(shop)]):
            periods[day] |= told_by(((row.value, row.counts) for row in part.rows), by)
        for part in report(days, [(MONDAY, "day")], LATER, by=by, kind="week").parts[:1]:
            week |= told_by(((row.value, row.counts) for row in part.rows), by)
    small = [
        (day, name)
        for day, history in enumerate(shop)
        for name, group in scheme.groups.items()
        if scheme.value(group, history.counts, history.made) < K
    ]
    return list(Attack(scheme, periods, [week], answered=all(h.answered for h in shop)).ruled_out(small))


@pytest.mark.parametrize("offered", EVERY_OFFER, ids=len)
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data())
def test_of_no_group_below_k_can_all_answers_tell_that_it_is(offered: Sequence[Category], data: st.DataObject) -> None:
    """Every count and every difference of counts, zero included, in days and their week, from all dimensions."""
    assert ruled_out(data.draw(shops(offered)), SCHEMES[len(offered)]) == []


EVERYBODY: list[Group] = [(100, 7, "en", "edge", "banner"), (100, 0, "en", "edge", "banner")]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param([(3, 1)], id="few chose something between"),
        pytest.param([(30, 3), (30, 1)], id="nobody granted the last category alone"),
        pytest.param([(20, 3), (20, 5), (20, 6)], id="nobody granted one category alone"),
        pytest.param([(20, 1), (20, 2), (20, 4)], id="nobody granted two categories"),
    ],
)
def test_a_difference_below_k_is_not_told(between: list[tuple[int, int]]) -> None:
    groups: list[Group] = [*EVERYBODY, *((n, choice, "en", "edge", "banner") for n, choice in between)]
    assert ruled_out([history_of(OPTIONAL, groups, [], answered=True)], SCHEMES[3]) == []


def test_few_refusals_beside_many_that_are_nearly_one_are_not_told() -> None:
    """With the acceptances and all categories told, how many refused everything can only be two."""
    groups: list[Group] = [(100, 7, "en", "edge", "banner"), (2, 0, "en", "edge", "banner")]
    groups += [(10, choice, "en", "edge", "banner") for choice in (3, 5, 6)]
    told = tell(counts_of(groups, []))
    assert sum(Cell(granted(category)) in told for category in OPTIONAL) == 2
    assert ruled_out([history_of(OPTIONAL, groups, [], answered=True)], SCHEMES[3]) == []


def test_displays_are_told_if_k_of_them_were_left_unanswered() -> None:
    groups: list[Group] = [(100, 7, "en", "edge", "banner"), (100, 0, "en", "edge", "banner")]
    assert Cell("shown") not in tell(counts_of(groups, [(209, "en", "edge")]))
    assert tell(counts_of(groups, [(210, "en", "edge")]))[Cell("shown")] == 210


def test_a_period_in_which_the_categories_changed_tells_of_none() -> None:
    before: list[Group] = [(4, 3, "en", "edge", "banner")]
    after: list[Group] = [(100, choice, "en", "edge", "banner") for choice in range(8)]
    told = tell(counts_of(before, [], OPTIONAL[:2]) + counts_of(after, []))
    assert told[Cell("accept_all")] == 105
    assert not [cell for cell in told if cell.what.startswith(("granted", "refused"))]


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


def test_few_partial_choices_hide_the_refusals_beside_them() -> None:
    told = tell(counts_of([*MANY, (3, 1, "zh-Hant", "chrome", "banner")], []))
    assert (told[Cell("decisions")], told[Cell("accept_all")]) == (165, 100)
    assert Cell("save") not in told
    assert Cell("refuse_all") not in told


def test_few_acceptances_are_hidden_with_the_partial_choices() -> None:
    told = tell(counts_of([(3, 7, "en", "edge", "banner"), (100, 0, "en", "edge", "banner")], []))
    assert (told[Cell("decisions")], Cell("refuse_all") in told, Cell("accept_all") in told) == (105, False, False)
    groups: list[Group] = [(3, 7, "en", "edge", "banner"), (100, 0, "en", "edge", "banner")]
    told = tell(counts_of([*groups, (20, 1, "en", "edge", "banner")], []))
    assert told[Cell("refuse_all")] == 100
    assert not {Cell("accept_all"), Cell("save")} & told.keys()


def test_granted_and_refused_are_told_if_those_between_are_many_both_ways() -> None:
    groups = [*EVERYBODY, (50, 5, "en", "edge", "banner"), (4, 2, "en", "edge", "banner")]
    groups.append((20, 1, "en", "edge", "nojs"))
    told = tell(counts_of(groups, []))
    statistics, marketing, preferences = Category.STATISTICS, Category.MARKETING, Category.PREFERENCES
    assert not {Cell(granted(statistics)), Cell(refused(statistics))} & told.keys()
    assert not {Cell(granted(preferences)), Cell(refused(preferences))} & told.keys()
    assert (told[Cell(granted(marketing))], told[Cell(refused(marketing))]) == (150, 125)


def test_of_one_category_alone_the_grants_are_the_acceptances() -> None:
    groups: list[Group] = [(100, 1, "en", "edge", "banner"), (60, 0, "en", "edge", "banner")]
    told = tell(counts_of(groups, [], OPTIONAL[:1]))
    assert told[Cell("accept_all")] == told[Cell(granted(OPTIONAL[0]))] == 100
    assert told[Cell(refused(OPTIONAL[0]))] == 60


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
    assert hide_rows({key: (n,) for key, n in parts.items()}) == hidden


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
