import pytest

from gateway.model.categories import OPTIONAL, Category, Fate, State, fate_of


def test_necessary_is_not_among_the_categories_a_visitor_decides_about() -> None:
    assert {*OPTIONAL, Category.NECESSARY} == set(Category)
    assert Category.NECESSARY not in OPTIONAL


@pytest.mark.parametrize(
    ("state", "fate"),
    [(State.GRANTED, Fate.KEEP), (State.UNSET, Fate.HOLD), (State.REFUSED, Fate.REMOVE)],
)
def test_an_element_follows_the_state_of_its_category(state: State, fate: Fate) -> None:
    assert fate_of(state) is fate
