"""What every ledger promises: one list of tests for every database."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.errors import ChainBroken, LedgerUnavailable
from gateway.ledger import open_ledger
from gateway.ledger.base import Ledger, Purged
from gateway.model.entry import GENESIS, Entry, Event, Kind, iso_day
from gateway.model.retention import Retention
from tests.ledger.events import DAY, choice, refusal, tag, withdrawal

T = TypeVar("T")
RULE = Retention(years=5)
YEARS = 5 * 365 + 2
"""At least five years, in days."""


class Record:
    """One record in a database; every `run` opens it anew, on the day it is told."""

    def __init__(self, url: str, folder: Path = Path()) -> None:
        self.url = url
        self.folder = folder

    def run(self, work: Callable[[Ledger], Awaitable[T]], day: int = DAY) -> T:
        async def whole() -> T:
            ledger = open_ledger(self.url, lambda: day * 86_400.0, self.folder)
            try:
                await ledger.open()
                return await work(ledger)
            finally:
                await ledger.close()

        return asyncio.run(whole())

    def append(self, *events: Event) -> list[Entry]:
        async def work(ledger: Ledger) -> list[Entry]:
            return [await ledger.append(event) for event in events]

        return self.run(work)

    def entries(self, after: int = 0) -> list[Entry]:
        async def work(ledger: Ledger) -> list[Entry]:
            return [entry async for entry in ledger.entries(after)]

        return self.run(work)

    def bodies(self) -> list[int]:
        """The numbers of the choices whose bodies are there."""
        return [entry.seq for entry in self.entries() if entry.body and "choices" in entry.body]

    def erase(self, *numbers: int) -> None:
        async def work(ledger: Ledger) -> None:
            for number in numbers:
                await ledger.erase(tag(number))

        self.run(work)

    def purge(self, day: int = DAY) -> Purged:
        return self.run(lambda ledger: ledger.purge(RULE), day)

    def verify(self, anchor: bytes | None = None) -> tuple[int, bytes]:
        return self.run(lambda ledger: ledger.verify(anchor))


@pytest.fixture
def record(url: str, tmp_path: Path) -> Record:
    return Record(url, tmp_path / "data")


def test_what_is_appended_is_read_back_after_a_restart(record: Record) -> None:
    one, two = record.append(choice(1), refusal())
    assert record.entries() == [one, two]
    assert record.entries(after=1) == [two]
    assert (one.seq, two.seq, two.prev) == (1, 2, one.head)
    assert record.verify() == (2, two.head)


def test_an_empty_record_verifies(record: Record) -> None:
    assert record.verify() == (0, GENESIS)
    assert record.run(lambda ledger: ledger.last()) is None


def test_events_that_arrive_together_get_numbers_without_gaps(record: Record) -> None:
    async def work(ledger: Ledger) -> list[Entry]:
        return await asyncio.gather(*(ledger.append(choice(number)) for number in range(100)))

    assert [entry.seq for entry in record.run(work)] == list(range(1, 101))
    assert record.verify()[0] == 100


def test_the_last_entry_is_found_and_the_last_of_a_kind(record: Record) -> None:
    _, two, three = record.append(choice(1), refusal(), choice(2))
    assert record.run(lambda ledger: ledger.last()) == three
    assert record.run(lambda ledger: ledger.last(Kind.REFUSE)) == two
    assert record.run(lambda ledger: ledger.last(Kind.ANCHOR)) is None
    assert record.run(lambda ledger: ledger.head()) == (3, three.head)


def test_verifying_tells_how_far_it_is(record: Record) -> None:
    record.append(choice(1), choice(2))
    told: list[int] = []
    record.run(lambda ledger: ledger.verify(None, told.append))
    assert told == [2]


def test_a_head_that_was_never_the_records_is_missed(record: Record) -> None:
    first, last = record.append(choice(1), choice(2))
    assert record.verify(first.head)[1] == last.head
    with pytest.raises(ChainBroken, match="anchored head"):
        record.verify(b"x" * 32)


def test_a_subject_finds_their_own_entries_and_no_others(record: Record) -> None:
    one, _, three = record.append(choice(1), choice(2), withdrawal(1))
    assert record.run(lambda ledger: ledger.entries_of(tag(1))) == [one, three]
    assert record.run(lambda ledger: ledger.entries_of(tag(9))) == []


def test_what_shall_be_erased_is_used_no_more_though_it_is_still_there(record: Record) -> None:
    record.append(choice(1), choice(2))
    record.erase(1, 1)
    assert record.run(lambda ledger: ledger.entries_of(tag(1))) == []
    assert len(record.run(lambda ledger: ledger.entries_of(tag(2)))) == 1
    assert record.run(lambda ledger: ledger.withheld()) == {1}
    assert record.bodies() == [1, 2]
    record.purge()
    assert record.run(lambda ledger: ledger.withheld()) == frozenset()


def test_an_erasure_survives_a_restart_and_is_done_by_the_next_purge(record: Record) -> None:
    record.append(choice(1), choice(2), refusal(), withdrawal(1))
    record.erase(1)
    assert record.purge(DAY + 1) == Purged(erased=2)
    assert record.bodies() == [2, 3]
    last = record.entries()[-1]
    assert (last.kind, last.day, last.body) == (Kind.ERASURE, iso_day(DAY + 1), {"n": 2})
    assert record.verify()[0] == 5
    assert record.purge(DAY + 1) == Purged()


def test_one_entry_accounts_for_everybody_who_asked_that_day(record: Record) -> None:
    record.append(*(choice(number) for number in range(5)))
    record.erase(0, 1, 2)
    record.purge()
    assert [entry.body for entry in record.entries()[5:]] == [{"n": 3}]


def test_an_erasure_of_nothing_adds_no_entry_and_waits_no_more(record: Record) -> None:
    record.append(choice(1))
    record.erase(7)
    assert record.purge() == Purged()
    assert record.verify()[0] == 1
    late = record.append(choice(7))
    assert record.run(lambda ledger: ledger.entries_of(tag(7))) == late


def test_an_event_that_follows_the_request_goes_with_the_others(record: Record) -> None:
    record.append(choice(1))
    record.erase(1)
    record.append(withdrawal(1))
    assert record.purge() == Purged(erased=2)
    record.verify()


CONSENTS = {
    "withdrawn": ([choice(1), withdrawal(1, day=DAY + 9)], DAY + 9),
    "refused later": ([choice(1), choice(1, kind=Kind.CHANGE, day=DAY + 9, granted=False)], DAY + 9),
    "lapsed": ([choice(1)], DAY + 185),
    "changed, then lapsed": ([choice(1), choice(1, kind=Kind.CHANGE, day=DAY + 100)], DAY + 285),
    "an embed allowed": (
        [choice(1), choice(1, kind=Kind.CHANGE, day=DAY + 100, surface="embed")],
        DAY + 185,
    ),
    "withdrawn in part": ([choice(1), withdrawal(1, day=DAY + 100, granted=True)], DAY + 185),
    "refusal lapsed": ([refusal()], DAY + 366),
}


@pytest.mark.parametrize(("events", "ended"), CONSENTS.values(), ids=CONSENTS.keys())
def test_bodies_go_five_years_after_the_consent_ended_and_not_before(
    record: Record, events: list[Event], ended: int
) -> None:
    record.append(*events)
    assert record.purge(ended + 5 * 365) == Purged()
    assert record.purge(ended + YEARS) == Purged(expired=len(events))
    last = record.entries()[-1]
    assert last.kind is Kind.RETENTION
    assert last.body is not None
    assert last.body["n"] == len(events)
    assert str(last.body["until"]) >= iso_day(ended)
    assert record.bodies() == []
    record.verify()


def test_a_consent_that_went_on_after_the_cut_off_keeps_its_first_bodies(record: Record) -> None:
    """As where the lifetime was longer when the consent was given."""
    record.append(choice(1), choice(1, kind=Kind.CHANGE, day=DAY + 300))
    assert record.purge(DAY + 200 + YEARS) == Purged()
    assert record.purge(DAY + 485 + YEARS) == Purged(expired=2)


def test_bodies_of_housekeeping_never_go(record: Record) -> None:
    hashes = dict.fromkeys(("configuration", "catalogue", "templates"), "0" * 64)
    record.append(Event(Kind.CONFIG, DAY, hashes), choice(1), Event(Kind.ANCHOR, DAY, {}))
    record.erase(1)
    record.purge()
    record.purge(DAY + 20 * 365)
    record.run(lambda ledger: ledger.purge_everything(), DAY + 21 * 365)
    assert [entry.seq for entry in record.entries() if entry.body is None] == [2]
    record.verify()


def test_at_the_end_of_the_service_every_choice_goes_and_the_chain_still_verifies(record: Record) -> None:
    record.append(choice(1), refusal(), withdrawal(1), choice(2, day=DAY + 3))
    record.erase(2)
    told: list[int] = []
    assert record.run(lambda ledger: ledger.purge_everything(told.append)) == Purged(expired=4)
    assert told == [4]
    assert record.bodies() == []
    assert record.entries()[-1].body == {"n": 4, "until": iso_day(DAY + 3)}
    record.verify()
    assert record.purge() == Purged()


def test_choices_go_on_while_bodies_are_removed(record: Record) -> None:
    record.append(*(choice(number) for number in range(40)))
    record.erase(*range(20))

    async def work(ledger: Ledger) -> Purged:
        purging = asyncio.create_task(ledger.purge(RULE))
        await asyncio.gather(*(ledger.append(choice(number)) for number in range(100, 150)))
        return await purging

    assert record.run(work) == Purged(erased=20)
    assert record.verify()[0] == 91


def test_verifying_beside_removals_sees_no_half_of_one(record: Record) -> None:
    record.append(*(choice(number) for number in range(30)))

    async def remove(ledger: Ledger) -> None:
        for number in range(30):
            await ledger.erase(tag(number))
            await ledger.purge(RULE)

    async def work(ledger: Ledger) -> int:
        removing = asyncio.create_task(remove(ledger))
        rounds = 0
        while not removing.done():
            await ledger.verify()
            rounds += 1
        await removing
        return rounds

    assert record.run(work) > 1


def test_a_name_keeps_its_first_value(record: Record) -> None:
    assert record.run(lambda ledger: ledger.remember("key", "one")) == "one"
    assert record.run(lambda ledger: ledger.remember("key", "two")) == "one"


def test_texts_are_archived_by_their_hash(record: Record) -> None:
    text = "<h1>說明</h1>\r\n".encode()
    digest = record.run(lambda ledger: ledger.archive(text))
    assert digest == record.run(lambda ledger: ledger.archive(text)) == hashlib.sha256(text).hexdigest()
    assert record.run(lambda ledger: ledger.text(digest)) == text
    assert record.run(lambda ledger: ledger.text("0" * 64)) is None


def test_a_ledger_that_was_closed_takes_nothing(record: Record) -> None:
    async def work(ledger: Ledger) -> None:
        await ledger.close()
        with pytest.raises(LedgerUnavailable):
            await ledger.append(choice(1))

    record.run(work)
    assert record.verify()[0] == 0


def test_days_that_go_back_with_the_clock_are_kept_as_they_are(record: Record) -> None:
    """A chain orders by its numbers; what days mean is read from each body's own."""
    record.append(choice(1, day=DAY), choice(2, day=DAY - 40), refusal(DAY - 400), choice(3, day=DAY + 9))
    assert [entry.day for entry in record.entries()] == [iso_day(DAY + n) for n in (0, -40, -400, 9)]
    record.erase(2)
    assert record.purge(DAY - 30) == Purged(erased=1)
    assert record.purge(DAY + YEARS + 185) == Purged(expired=2)
    assert record.bodies() == [4]
    assert record.verify()[0] == 7


def test_many_entries_are_read_in_order_from_wherever_one_was(record: Record) -> None:
    record.append(*(choice(number) for number in range(1200)))
    assert [entry.seq for entry in record.entries(after=1100)] == list(range(1101, 1201))
    assert len(record.entries()) == 1200
