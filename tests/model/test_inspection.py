"""What is kept about one visitor, as plain data."""

from __future__ import annotations

from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import make_choice, refuse_all
from gateway.model.decision import Rules, decide
from gateway.model.entry import GENESIS, SALT_SIZE, Kind, seal
from gateway.model.hold import Hold
from gateway.model.inspection import inspection
from gateway.model.signals import Signals
from tests.ledger.events import DAY, choice

P, S, M = OPTIONAL
NOBODY = decide(None, Signals(), Rules(), DAY)


def test_nothing_is_kept_about_who_decided_nothing() -> None:
    assert inspection(NOBODY, OPTIONAL, (), None) == {"choice": None, "events": [], "evidence_hold": None}


def test_a_choice_has_each_category_with_its_day_and_the_revision() -> None:
    stored = make_choice(frozenset({S}), {P: DAY - 3}, DAY - 5, 1, id="x" * 22)
    held = inspection(decide(stored, Signals(), Rules(), DAY), OPTIONAL, (), None)["choice"]
    assert held == {
        "categories": {
            "preferences": {"state": "refused", "day": "2024-10-01"},
            "statistics": {"state": "granted", "day": "2024-09-29"},
            "marketing": {"state": "unset", "day": None},
        },
        "day": "2024-09-29",
        "rev": 1,
        "source": "choice",
    }


def test_a_category_with_nothing_to_decide_is_not_told() -> None:
    decision = decide(refuse_all(DAY, 1), Signals(), Rules(offered=frozenset({S})), DAY)
    held = inspection(decision, frozenset({S}), (), None)["choice"]
    assert isinstance(held, dict)
    assert set(held["categories"]) == {"statistics"}


def test_a_signals_refusal_has_no_day_of_the_visitors_own() -> None:
    stored = make_choice(frozenset(), {S: DAY}, DAY, 1)
    held = inspection(decide(stored, Signals(gpc=True), Rules(), DAY), OPTIONAL, (), None)["choice"]
    assert isinstance(held, dict)
    assert held["categories"]["marketing"] == {"state": "refused", "day": None}
    assert held["source"] == "gpc"


def test_an_event_is_its_body_with_number_day_and_kind_and_a_deleted_one_is_none() -> None:
    event = choice(1)
    entry = seal(event, seq=7, prev=GENESIS, salt=bytes(SALT_SIZE))
    gone = seal(choice(2), seq=8, prev=GENESIS, salt=bytes(SALT_SIZE))
    entries = [entry, type(gone)(8, gone.day, gone.kind, gone.commitment, gone.prev, gone.head, None, None)]
    held = inspection(NOBODY, OPTIONAL, entries, None)
    assert held["events"] == [{"seq": 7, "day": "2024-10-04", "kind": Kind.GRANT.value, **event.body}]


def test_a_hold_is_told_with_reason_and_end() -> None:
    held = inspection(NOBODY, [Category.STATISTICS], (), Hold("case 7", DAY))
    assert held["evidence_hold"] == {"reason": "case 7", "until": "2024-10-04"}
