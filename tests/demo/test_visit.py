from gateway.demo.visit import Visits


def test_the_oldest_visit_is_forgotten_first() -> None:
    visits = Visits(limit=2)
    first, second, third = visits.begin(), visits.begin(), visits.begin()
    assert visits.find(first.id) is None
    assert visits.find(second.id) is second
    assert visits.find(third.id) is third


def test_a_renewed_visit_is_not_found_by_its_old_id() -> None:
    visits = Visits()
    visit = visits.begin()
    old = visit.id
    visits.renew(visit)
    assert visits.find(old) is None
    assert visits.find(visit.id) is visit


def test_no_cookie_finds_no_visit() -> None:
    assert Visits().find(None) is None
