"""Counters in PostgreSQL: several gateways raise the same ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger.postgresql.tallies import PostgresTallies
from gateway.ledger.tallies import MOST_NAMES
from gateway.statistics.cell import Cell
from tests.ledger.events import DAY
from tests.ledger.test_base import Record
from tests.postgres import Server


@pytest.fixture
def url(postgres: Server, tmp_path: Path) -> str:
    record = Record(postgres.new(), tmp_path)
    record.verify()
    return record.url


def test_gateways_that_raise_the_same_counters_in_any_order_do_not_wait_for_each_other(url: str) -> None:
    cells = [Cell("shown", "locale", f"l{n}") for n in range(40)]

    async def one(order: int) -> None:
        tallies = PostgresTallies(url)
        for _ in range(10):
            await tallies.add([(DAY, cell, 1) for cell in cells[::order]])

    async def whole() -> dict[int, dict[Cell, int]]:
        await asyncio.gather(*(one(order) for order in (1, -1, 1, -1)))
        return await PostgresTallies(url).days(["locale"])

    assert set(asyncio.run(whole())[DAY].values()) == {40}


def test_all_gateways_together_keep_no_more_names_than_one(url: str) -> None:
    async def one(gateway: int) -> None:
        names = [(DAY, Cell("seen:host", "name", f"g{gateway}-{n}"), 1) for n in range(MOST_NAMES)]
        await PostgresTallies(url).add(names)

    async def whole() -> int:
        await asyncio.gather(*map(one, range(4)))
        return len((await PostgresTallies(url).days(["name"]))[DAY])

    assert asyncio.run(whole()) == MOST_NAMES


def test_counters_of_a_record_that_is_not_there_are_an_error(postgres: Server) -> None:
    with pytest.raises(LedgerUnavailable, match="does not exist"):
        asyncio.run(PostgresTallies(postgres.new()).days([""]))
