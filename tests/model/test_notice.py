import pytest

from gateway.model.categories import OPTIONAL, Category
from gateway.model.notice import Notice

NOTICE = Notice(4, {2: frozenset({Category.MARKETING}), 3: frozenset()})


@pytest.mark.parametrize(("rev", "known"), [(0, False), (1, True), (4, True), (5, False), (-1, False)])
def test_only_revisions_that_exist_are_known(rev: int, known: bool) -> None:
    assert NOTICE.known(rev) is known


@pytest.mark.parametrize(
    ("rev", "void"),
    [
        pytest.param(4, set(), id="the one in force"),
        pytest.param(3, set(OPTIONAL), id="a later one that says nothing ends every yes"),
    ],
)
def test_a_yes_ends_with_the_revisions_after_it(rev: int, void: set[Category]) -> None:
    assert NOTICE.void_since(rev) == void


def test_an_editorial_revision_ends_nothing_and_a_material_one_its_categories() -> None:
    notice = Notice(3, NOTICE.material)
    assert notice.void_since(2) == frozenset()
    assert notice.void_since(1) == {Category.MARKETING}
