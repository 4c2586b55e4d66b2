"""An entry and what its notice said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.categories import OPTIONAL, Category
from gateway.model.disclosure import Disclosure
from gateway.model.entry import GENESIS, Entry, Event, Kind, seal
from gateway.model.joined import Joined, Known
from tests.ledger.record import NOTICE, choice, given

SILENT = Disclosure(rev=1, locale="en")


def sealed(event: Event) -> Entry:
    return seal(event, seq=1, prev=GENESIS, salt=bytes(32))


def joined(event: Event, disclosure: Disclosure = NOTICE, known: Known = Known.ARCHIVE) -> Joined:
    found = Joined.of(sealed(event), disclosure, known)
    assert found
    return found


@pytest.mark.parametrize("event", [choice(Kind.REFUSE, 1), Event(Kind.ANCHOR, 1, {}), Event(Kind.ERASURE, 1, {"n": 2})])
def test_refusals_and_housekeeping_have_no_receipt(event: Event) -> None:
    assert Joined.of(sealed(event), NOTICE, Known.ARCHIVE) is None


def test_a_deleted_entry_has_no_receipt() -> None:
    entry = replace(sealed(choice(Kind.GRANT, 1)), salt=None, body=None)
    assert Joined.of(entry, NOTICE, Known.ARCHIVE) is None


def test_the_id_is_the_entrys_own_and_always_the_same() -> None:
    first, again, other = (joined(choice(Kind.GRANT, number)).id for number in (1, 1, 2))
    assert first == again != other


def test_only_withdrawals_and_signals_withdraw() -> None:
    kinds = (Kind.GRANT, Kind.CHANGE, Kind.WITHDRAW, Kind.GPC)
    assert [joined(choice(kind, 1)).withdraws for kind in kinds] == [False, False, True, True]


def test_the_categories_are_those_of_the_notice() -> None:
    event = choice(Kind.GRANT, 1, choices=given("marketing"))
    assert joined(event).categories == (Category.STATISTICS, Category.MARKETING)
    assert joined(event, SILENT).categories == OPTIONAL


def test_what_was_granted_is_never_left_out() -> None:
    event = choice(Kind.GRANT, 1, choices=given("preferences"))
    assert Category.PREFERENCES in joined(event).categories


def test_the_proof_leads_back_to_the_entry_and_adds_nothing_about_anybody() -> None:
    one = joined(choice(Kind.GRANT, 1))
    assert one.proof["head"] == one.entry.head.hex()
    assert one.proof["notice"] == "archive"
    assert one.tag not in str(one.proof)
