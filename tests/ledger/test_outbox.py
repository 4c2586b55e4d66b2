import asyncio

from gateway.errors import LedgerUnavailable
from gateway.ledger.outbox import Outbox
from gateway.model.entry import Event, Kind


def event(number: int) -> Event:
    return Event(Kind.ERASURE, 20_000, {"n": number})


class Record:
    """Refuses the first `failures` attempts; `full` once it has taken `wanted` events."""

    def __init__(self, failures: int = 0, wanted: int = 0) -> None:
        self.failures = failures
        self.wanted = wanted
        self.full = asyncio.Event()
        self.taken: list[Event] = []

    async def append(self, event: Event) -> None:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailable("away")
        self.taken.append(event)
        if len(self.taken) == self.wanted:
            self.full.set()


def test_events_arrive_in_order_though_the_record_was_away() -> None:
    async def run(record: Record) -> Outbox[Event]:
        outbox = Outbox(record.append, pause=0.001)
        for number in range(1, 4):
            outbox.put(event(number))
        await record.full.wait()
        outbox.put(event(4))
        assert await outbox.close() == 0
        return outbox

    record = Record(failures=2, wanted=3)
    outbox = asyncio.run(run(record))
    assert record.taken == [event(number) for number in range(1, 5)]
    assert outbox.lost == 0


def test_closing_counts_what_could_not_be_recorded() -> None:
    async def run() -> int:
        outbox = Outbox(Record(failures=99).append)
        outbox.put(event(1))
        assert len(outbox) == 1
        assert outbox.state() == (1, 0)
        await asyncio.sleep(0.01)
        return await outbox.close()

    assert asyncio.run(run()) == 1


def test_an_empty_one_closes_at_once() -> None:
    assert asyncio.run(Outbox(Record().append).close()) == 0


def test_beyond_the_limit_the_oldest_event_is_lost_and_counted() -> None:
    async def run(record: Record) -> int:
        outbox = Outbox(record.append, limit=2)
        for number in range(1, 4):
            outbox.put(event(number))
        await outbox.close()
        return outbox.lost

    record = Record()
    assert asyncio.run(run(record)) == 1
    assert record.taken == [event(2), event(3)]


def test_an_event_pushed_out_while_it_was_being_recorded_takes_no_other_with_it() -> None:
    async def run(record: Record) -> None:
        outbox = Outbox(record.append, limit=1)
        outbox.put(event(1))
        await asyncio.sleep(0)
        outbox.put(event(2))
        await record.full.wait()

    record = Record(wanted=2)
    asyncio.run(run(record))
    assert record.taken == [event(1), event(2)]
