"""The names of counters are closed lists."""

from __future__ import annotations

from gateway.model.categories import Category
from gateway.statistics.cell import EVENTS, ON_BANNER, VALUES, granted, refused


def test_a_counter_of_a_category_says_which_and_what() -> None:
    assert granted(Category.MARKETING) == "granted:marketing"
    assert refused(Category.MARKETING) == "refused:marketing"


def test_the_events_are_those_the_requirements_name() -> None:
    assert " ".join(EVENTS) == "shown accept_all refuse_all save withdraw expired gpc cookieless"


def test_there_are_six_browser_families_at_most_and_the_banner_is_a_surface() -> None:
    assert len(VALUES["browser"]) <= 6
    assert all(len(values) > 1 for values in VALUES.values())
    assert set(ON_BANNER) < set(VALUES["surface"])
