"""The current choice is the one that was made last, wherever it stands in the record."""

from __future__ import annotations

from gateway.model.entry import GENESIS, Entry, Event, iso_day, seal
from gateway.model.order import as_made, made
from tests.ledger.events import DAY, choice, refusal


def entry(event: Event, seq: int) -> Entry:
    return seal(event, seq=seq, prev=GENESIS, salt=bytes(32))


def test_choices_stand_in_the_order_of_their_minutes_and_within_one_in_that_of_the_record() -> None:
    late = [choice(1, minute=2), choice(1, minute=1), choice(1, minute=1), choice(1, day=DAY - 1, minute=9)]
    entries = [entry(event, seq) for seq, event in enumerate(late, 1)]
    assert [found.seq for found in as_made(reversed(entries))] == [4, 2, 3, 1]


def test_where_no_minute_is_kept_the_day_counts() -> None:
    assert made(iso_day(DAY), refusal().body) == iso_day(DAY) == made(iso_day(DAY), None)
    assert made(iso_day(DAY), None) < made(iso_day(DAY), choice().body) < made(iso_day(DAY + 1), None)
