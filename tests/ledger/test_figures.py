"""A report reads the counters' table and nothing else, however many events there are."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiosqlite
import pytest

from gateway.ledger import files, open_ledger, open_tallies, sqlite_tallies
from gateway.ledger.figures import Figures
from gateway.statistics.cell import Cell
from gateway.statistics.report import DIMENSIONS
from tests.ledger.events import choice

MONDAY = 20_003


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"

    async def fill() -> None:
        ledger = open_ledger(url)
        await ledger.open()
        for number in range(30):
            await ledger.append(choice(number, day=MONDAY))
        kept = open_tallies(url)
        await kept.settle("week", MONDAY)
        await kept.add([(MONDAY, Cell(what), 50) for what in ("shown", "accept_all", "refuse_all")])
        await kept.add([(MONDAY, Cell("seen:cookie", "name", "odd_*"), 12)])
        await ledger.close()

    asyncio.run(fill())
    return url


def test_no_statement_reads_another_table(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    connect = files.connect

    async def traced(path: Path, *, busy: float) -> aiosqlite.Connection:
        connection = await connect(path, busy=busy)
        await connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite_tallies, "connect", traced)
    figures = Figures(open_tallies(url), lambda: (MONDAY + 9) * 86_400.0)
    for by in ("", *DIMENSIONS):
        asyncio.run(figures.report(by))
    asyncio.run(figures.unknown())
    assert len(statements) >= 12
    tables = {name for statement in statements for name in re.findall(r"(?:FROM|JOIN|INTO|UPDATE)\s+(\S+)", statement)}
    assert tables == {"tally", "base"}


def test_it_answers_what_is_counted(url: str) -> None:
    figures = Figures(open_tallies(url), lambda: (MONDAY + 9) * 86_400.0)
    (part,) = asyncio.run(figures.report()).parts
    assert part.rows[0].counts["accept_all"] == 50
    assert asyncio.run(figures.unknown()) == [("cookie", "odd_*", 10)]


def test_what_cannot_be_asked_is_said_before_anything_is_read(url: str) -> None:
    figures = Figures(open_tallies(url), lambda: 0.0)
    with pytest.raises(ValueError, match="finer than the base"):
        asyncio.run(figures.report("", "day"))
