from dataclasses import replace

from gateway.model.categories import OPTIONAL
from gateway.model.choice import make_choice
from gateway.model.withdrawals import Withdrawals

GRANT = make_choice(frozenset(OPTIONAL), {}, 20_000, 1, id="a" * 22)


def test_a_page_and_its_images_are_one_withdrawal() -> None:
    cut = Withdrawals()
    assert [cut.first(GRANT) for _ in range(5)] == [True, False, False, False, False]
    assert cut.first(replace(GRANT, id="b" * 22))


def test_another_choice_of_the_same_visitor_can_be_cut_too() -> None:
    cut = Withdrawals()
    assert cut.first(GRANT)
    assert cut.first(replace(GRANT, day=20_001))


def test_the_same_choice_made_anew_on_the_same_day_can_be_cut_again() -> None:
    cut = Withdrawals()
    cut.first(GRANT)
    cut.granted(GRANT.id)
    cut.granted("unheard of")
    assert cut.first(GRANT)
    assert not cut.first(GRANT)


def test_after_a_while_it_is_news_again_if_others_may_have_granted_meanwhile() -> None:
    cut = Withdrawals(lasting=5)
    assert [cut.first(GRANT, now) for now in (100.0, 104.9, 105.0, 109.0, 111.0)] == [True, False, True, False, True]
    assert cut.first(GRANT, 50.0)  # a clock set back


def test_visitors_do_not_fill_the_memory_and_the_latest_are_remembered() -> None:
    cut = Withdrawals()
    for number in range(5000):
        cut.first(replace(GRANT, id=str(number)))
    assert len(cut) == 4096
    assert not cut.first(replace(GRANT, id="4999"))
    assert cut.first(replace(GRANT, id="0"))
