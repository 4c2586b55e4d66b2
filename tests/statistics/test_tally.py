"""What an act counts as."""

from __future__ import annotations

import pytest

from gateway.model.categories import OPTIONAL, Category
from gateway.model.entry import Event, Kind
from gateway.statistics.cell import Cell
from gateway.statistics.tally import counted, shown
from gateway.statistics.visitor import Visitor
from tests.statistics.histories import event

VISITOR = Visitor("chrome", "phone")


def whats(choice: Event, offered: tuple[Category, ...] = OPTIONAL) -> set[str]:
    return {cell.what for cell in counted(choice, offered, VISITOR) if ":" not in cell.what}


@pytest.mark.parametrize(("choices", "outcome"), [(7, "accept_all"), (0, "refuse_all"), (1, "save"), (6, "save")])
def test_a_decision_counts_by_its_outcome(choices: int, outcome: str) -> None:
    assert whats(event(choices, "en", "banner")) == {outcome}


def test_all_of_what_is_offered_is_all() -> None:
    assert whats(event(2, "en", "banner"), (Category.STATISTICS,)) == {"accept_all"}


def test_a_decision_on_the_banner_counts_once_in_each_dimension_and_for_each_category() -> None:
    cells = counted(event(1, "en", "nojs"), OPTIONAL, VISITOR)
    assert sorted(cells) == sorted(
        [
            Cell("save"),
            Cell("save", "surface", "nojs"),
            Cell("save", "locale", "en"),
            Cell("save", "revision", "1"),
            Cell("save", "browser", "chrome"),
            Cell("save", "device", "phone"),
            Cell("granted:preferences"),
            Cell("refused:statistics"),
            Cell("refused:marketing"),
        ]
    )


def test_a_decision_elsewhere_counts_by_its_surface_alone() -> None:
    assert counted(event(7, "en", "settings"), OPTIONAL, VISITOR) == (Cell("accept_all", "surface", "settings"),)


def test_a_refusal_on_the_banner_that_ends_a_consent_is_a_refusal_and_elsewhere_a_withdrawal() -> None:
    assert whats(event(0, "en", "banner", Kind.WITHDRAW)) == {"refuse_all"}
    assert whats(event(0, "en", "settings", Kind.WITHDRAW)) == {"withdraw"}


def test_a_signal_that_ends_grants_is_counted_apart_from_withdrawals() -> None:
    assert counted(event(0, "en", "gpc", Kind.GPC), OPTIONAL, VISITOR) == (Cell("gpc"),)


def test_housekeeping_counts_as_nothing() -> None:
    assert counted(Event(Kind.ANCHOR, 20_000, {}), OPTIONAL, VISITOR) == ()


def test_without_a_visitor_what_a_recount_can_know_is_the_same() -> None:
    choice = event(5, "zh-Hant", "banner")
    known = [cell for cell in counted(choice, OPTIONAL, VISITOR) if cell.dimension not in ("browser", "device")]
    assert list(counted(choice, OPTIONAL, None)) == known


def test_a_language_that_is_not_on_the_list_is_other() -> None:
    assert Cell("shown", "locale", "other") in shown("tlh", VISITOR, 1)
    assert Cell("save", "locale", "other") in counted(event(1, "tlh", "banner"), OPTIONAL, VISITOR)


def test_a_display_counts_once_in_each_dimension() -> None:
    assert [cell.dimension for cell in shown("en", VISITOR, 3)] == ["", "locale", "revision", "browser", "device"]
