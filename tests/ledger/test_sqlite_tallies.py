"""What is particular about counters in SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger import open_tallies
from gateway.ledger.base import Ledger
from gateway.ledger.tallies import Tallies
from gateway.model.categories import OPTIONAL
from gateway.model.entry import Event
from gateway.statistics.cell import Cell
from gateway.statistics.tally import counted
from gateway.statistics.visitor import Visitor
from tests.ledger.test_tallies import run
from tests.statistics.histories import event


def test_an_event_that_is_not_recorded_counts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    async def work(ledger: Ledger, tallies: Tallies) -> dict[int, dict[Cell, int]]:
        connection = sqlite3.connect(path)
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON chain BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        connection.commit()
        connection.close()
        one = event(7, "en", "banner")
        one = Event(one.kind, one.day, one.body, counted(one, OPTIONAL, Visitor()))
        with pytest.raises(LedgerUnavailable):
            await ledger.append(one)
        return await tallies.days([""])

    assert run(f"sqlite:///{path}", work) == {}


def test_counters_of_a_record_that_is_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable):
        asyncio.run(open_tallies(f"sqlite:///{tmp_path / 'none.sqlite'}").days([""]))
    assert not list(tmp_path.iterdir())
