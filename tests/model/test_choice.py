from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import Choice, make_choice, refuse_all

P, S, M = OPTIONAL
ID = "a" * 22
MIXED = make_choice(frozenset({P, S}), {M: 10}, 10, 1, override=True, id=ID)


def test_two_refusals_of_one_day_are_the_same() -> None:
    assert refuse_all(10, 1) == make_choice(frozenset(), {M: 10, P: 10, S: 10}, 3, 1, override=True, id=ID)
    assert refuse_all(10, 1).id == ""


def test_withdrawing_one_category_moves_no_other_clock() -> None:
    left = MIXED.withdraw([S], 50)
    assert (left.granted, left.day, left.id) == (frozenset({P}), 10, ID)
    assert left.refusals() == {S: 50, M: 10}


def test_withdrawing_what_was_refused_before_moves_that_category_only() -> None:
    assert MIXED.withdraw([M], 50).refusals() == {M: 50}
    assert MIXED.withdraw([M], 50).granted == {P, S}


def test_without_grants_a_choice_has_no_id_and_keeps_its_refusals() -> None:
    left = MIXED.withdraw([S], 50).without_grants()
    assert left == Choice(frozenset(), frozenset({S, M}), 10, 10, 1, False, "", ((S, 50),))


def test_a_choice_that_granted_everything_leaves_nothing_behind() -> None:
    everything = make_choice(frozenset(OPTIONAL), {}, 10, 1, id=ID)
    assert everything.without_grants().empty
    assert not everything.empty
    assert not refuse_all(1, 1).empty


def test_a_refusal_wins_over_a_grant_of_the_same_category() -> None:
    both = make_choice(frozenset({P, M}), {M: 5}, 5, 1, id=ID)
    assert (both.granted, both.refused) == (frozenset({P}), frozenset({M}))


def test_the_stricter_of_two_choices_is_taken_category_by_category() -> None:
    other = make_choice(frozenset({Category.MARKETING, P}), {S: 12}, 8, 2, override=False, id="b" * 22)
    for one in (MIXED.stricter(other), other.stricter(MIXED)):
        assert one.granted == {P}
        assert one.refusals() == {S: 12, M: 10}
        assert (one.day, one.rev, one.override) == (8, 1, False)


def test_what_one_copy_leaves_open_the_other_cannot_grant() -> None:
    partial = make_choice(frozenset({P}), {}, 10, 1, id=ID)
    assert MIXED.stricter(partial) == make_choice(frozenset({P}), {M: 10}, 10, 1, id=ID)


def test_of_two_refusals_the_later_one_holds() -> None:
    assert refuse_all(10, 1).stricter(refuse_all(20, 1)) == make_choice(
        frozenset(), dict.fromkeys(OPTIONAL, 20), 20, 1
    )
