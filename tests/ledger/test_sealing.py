"""Entries made from events follow each other."""

from __future__ import annotations

from gateway.ledger.sealing import sealed
from gateway.model.chain import ChainCheck
from gateway.model.entry import GENESIS
from tests.ledger.events import choice, refusal


def test_each_entry_follows_the_one_before_with_a_salt_of_its_own() -> None:
    first = sealed([choice(1), refusal()], 0, GENESIS)
    entries = [*first, *sealed([choice(2)], first[-1].seq, first[-1].head)]
    check = ChainCheck()
    for entry in entries:
        check.feed(entry)
    check.finish()
    assert (check.seq, check.head) == (3, entries[-1].head)
    assert len({entry.salt for entry in entries}) == 3
