"""What happens at every start and every day, on a real record with a clock that is set."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.ledger.base import Purged
from gateway.ledger.files import bodies_path
from gateway.ledger.keeping import DAILY, RETRY, Keeper
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Entry, Kind, iso_day
from gateway.model.hold import Hold
from gateway.model.retention import Retention
from tests.ledger.events import DAY, choice, tag

HASHES = dict.fromkeys(("configuration", "catalogue", "templates"), "0" * 64)


class House:
    """A record and its keeper; `day` is what the clock says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.day = DAY

    def clock(self) -> float:
        return self.day * 86_400.0

    def run(self, work: Callable[[SqliteLedger, Keeper], Awaitable[Any]], **options: Any) -> Any:
        async def whole() -> Any:
            ledger = SqliteLedger(self.path, clock=self.clock)
            fixed: dict[str, Any] = {"tag_check": "00", "config": HASHES, "retention": Retention(), "clock": self.clock}
            keeper = Keeper(ledger, **fixed | options)
            try:
                await ledger.open()
                return await work(ledger, keeper)
            finally:
                await keeper.close()
                await ledger.close()

        return asyncio.run(whole())

    def entries(self) -> list[Entry]:
        async def work(ledger: SqliteLedger, keeper: Keeper) -> list[Entry]:
            await ledger.verify()
            return [entry async for entry in ledger.entries()]

        entries: list[Entry] = self.run(work)
        return entries

    def kinds(self) -> list[str]:
        return [entry.kind.value for entry in self.entries()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data" / "ledger.sqlite")


async def begin(ledger: SqliteLedger, keeper: Keeper) -> None:
    await keeper.begin()


async def once(ledger: SqliteLedger, keeper: Keeper) -> Purged:
    return await keeper.once()


def test_two_equal_starts_are_one_event_and_a_changed_one_is_another(house: House) -> None:
    house.run(begin)
    house.run(begin)
    assert house.kinds() == ["config"]
    changed = HASHES | {"templates": "1" * 64}
    house.run(begin, config=changed)
    house.run(begin, config=changed)
    house.run(begin)
    assert [entry.body for entry in house.entries()] == [HASHES, changed, HASHES]


def test_what_visitors_are_shown_is_archived(house: House) -> None:
    house.run(begin, texts=[b"notice", b"banner"])

    async def texts(ledger: SqliteLedger, keeper: Keeper) -> list[bytes | None]:
        return [await ledger.text(await ledger.archive(text)) for text in (b"notice", b"banner")]

    assert house.run(texts) == [b"notice", b"banner"]


def test_another_tag_key_is_refused(house: House) -> None:
    house.run(begin)
    with pytest.raises(ConfigError, match="the key this record was begun with"):
        house.run(begin, tag_check="01")
    house.run(begin)


def test_each_day_has_one_anchor_and_its_head_is_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "gateway"):
        house.run(once)
        house.run(once)
        house.day += 1
        house.run(once)
    anchors = [entry for entry in house.entries() if entry.kind is Kind.ANCHOR]
    assert [entry.day for entry in anchors] == [iso_day(DAY), iso_day(DAY + 1)]
    logged = [vars(record) for record in caplog.records]
    assert [(line["seq"], line["head"]) for line in logged] == [(e.seq, e.head.hex()) for e in anchors]


async def given_and_asked_back(ledger: SqliteLedger, keeper: Keeper) -> Purged:
    await ledger.append(choice(1))
    await ledger.append(choice(2))
    await ledger.erase(tag(1))
    return await keeper.once()


def test_the_daily_round_deletes_what_is_due(house: House) -> None:
    assert house.run(given_and_asked_back) == Purged(erased=1)
    house.day += 186 + 6 * 366
    assert house.run(once) == Purged(expired=1)


def test_a_hold_keeps_everything_and_what_was_asked_back_is_not_used(house: House) -> None:
    hold = Hold("claim 12/2026", DAY + 10)
    assert house.run(given_and_asked_back, hold=hold) == Purged()

    async def mine(ledger: SqliteLedger, keeper: Keeper) -> list[Entry]:
        return await ledger.entries_of(tag(1))

    assert house.run(mine) == []
    house.day = DAY + 10
    assert house.run(once, hold=hold) == Purged()
    assert all(entry.body is not None for entry in house.entries())
    house.day = DAY + 11
    assert house.run(once, hold=hold) == Purged(erased=1)


def paused(house: House, count: int, **options: Any) -> list[float]:
    """How long the keeper waits after each of its first `count` rounds."""
    waits: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == count:
            enough.set()
            await asyncio.Event().wait()

    async def work(ledger: SqliteLedger, keeper: Keeper) -> None:
        keeper.start()
        keeper.start()
        await enough.wait()
        await keeper.close()
        await keeper.close()

    house.run(work, sleep=sleep, **options)
    return waits


def test_rounds_are_less_than_a_day_apart_and_not_all_alike(house: House) -> None:
    waits = paused(house, 3)
    assert all(DAILY - 3600 <= wait <= DAILY < 86_400 for wait in waits)
    assert len(set(waits)) == 3
    assert house.kinds() == ["config", "anchor"]


def test_a_round_that_failed_is_tried_again_soon(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.run(begin)
    assert paused(house, 2, tag_check="01") == [RETRY, RETRY]
    assert "is tried again" in caplog.text


def test_a_damaged_record_is_not_touched_every_minute(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.run(given_and_asked_back, hold=Hold("later", DAY))
    with sqlite3.connect(bodies_path(house.path)) as connection:
        connection.execute("UPDATE body SET body = '{' WHERE seq = 2")
    connection.close()
    house.day += 10 * 366
    (wait,) = paused(house, 1)
    assert wait > RETRY
    assert "entry 2: the body cannot be read" in caplog.text


def test_closing_ends_a_round_that_waits_for_a_reader(house: House) -> None:
    async def work(ledger: SqliteLedger, keeper: Keeper) -> None:
        await ledger.append(choice(1))
        await ledger.erase(tag(1))
        reading = ledger.entries()
        await anext(reading)
        keeper.start()
        while bodies_of(house.path):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await keeper.close()
        await reading.aclose()

    house.run(work, grace=0.1)


def bodies_of(path: Path) -> int:
    connection = sqlite3.connect(bodies_path(path))
    (count,) = connection.execute("SELECT count(*) FROM body").fetchone()
    connection.close()
    return int(count)
