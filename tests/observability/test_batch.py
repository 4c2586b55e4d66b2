"""Counters gathered and handed on; the database may be away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.errors import LedgerUnavailable
from gateway.observability import batch
from gateway.observability.batch import Batch, Raised
from gateway.observability.counters import uncounted
from gateway.statistics.cell import Cell

DAY = 20_000
SHOWN = Cell("shown")


class Database:
    """Takes batches, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.batches: list[Sequence[Raised]] = []
        self.came = asyncio.Event()

    async def add(self, raised: Sequence[Raised]) -> None:
        if self.away:
            raise LedgerUnavailable("away")
        self.batches.append(raised)
        self.came.set()


def test_equal_counters_of_a_day_are_one_line_of_a_batch() -> None:
    database, now = Database(), [DAY * 86_400.0]
    gathered = Batch(database.add, lambda: now[0])
    gathered.raise_([SHOWN, Cell("shown", "locale", "en")])
    gathered.raise_([SHOWN], 4)
    now[0] += 86_400
    gathered.raise_([SHOWN])
    asyncio.run(gathered.flush())
    assert database.batches == [[(DAY, SHOWN, 5), (DAY, Cell("shown", "locale", "en"), 1), (DAY + 1, SHOWN, 1)]]
    asyncio.run(gathered.flush())
    assert len(database.batches) == 1


def test_what_the_database_cannot_take_waits() -> None:
    database = Database()
    gathered = Batch(database.add, lambda: 0.0)
    gathered.raise_([SHOWN])
    database.away = True
    with pytest.raises(LedgerUnavailable):
        asyncio.run(gathered.flush())
    gathered.raise_([SHOWN])
    database.away = False
    asyncio.run(gathered.flush())
    assert database.batches == [[(0, SHOWN, 2)]]


def test_declared_bots_raise_nothing() -> None:
    gathered = Batch(Database().add, lambda: 0.0)
    with uncounted():
        gathered.raise_([SHOWN])
    assert len(gathered) == 0


def test_there_is_a_bound_on_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST", 3)
    gathered = Batch(Database().add, lambda: 0.0)
    gathered.raise_(Cell("seen:host", "name", str(n)) for n in range(9))
    gathered.raise_([Cell("seen:host", "name", "1")])
    assert len(gathered) == 3


def test_it_hands_on_by_itself_and_the_rest_at_the_end() -> None:
    database = Database()

    async def whole() -> None:
        gathered = Batch(database.add, lambda: 0.0, pause=0.001)
        gathered.start()
        gathered.start()
        gathered.raise_([SHOWN])
        await database.came.wait()
        gathered.raise_([SHOWN])
        await gathered.close()
        await gathered.close()

    asyncio.run(whole())
    assert [n for found in database.batches for _, _, n in found] == [1, 1]
