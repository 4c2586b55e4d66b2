"""Months of bodies: made ahead, made when an odd day needs one, and in nobody's way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.ledger.base import Ledger
from gateway.ledger.postgresql.partitions import due, name_of
from gateway.model.entry import iso_day
from tests.ledger.events import DAY, choice
from tests.ledger.test_base import Record
from tests.postgres import Server


def months(server: Server, url: str) -> set[str]:
    query = "SELECT relname::text FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'body'::regclass"
    (rows,) = server.execute(query, url=url)
    return {name for (name,) in rows}


@pytest.mark.parametrize("day", range(20_000, 20_400, 13))
def test_this_month_and_the_next_two_are_due(day: int) -> None:
    this = date.fromisoformat(iso_day(day))
    months = [date(this.year + (this.month - 1 + n) // 12, (this.month - 1 + n) % 12 + 1, 1) for n in range(3)]
    assert {name_of(month.isoformat()) for month in months} <= set(map(name_of, due(day)))


def test_a_start_makes_months_ahead_and_an_odd_day_its_own(postgres: Server, tmp_path: Path) -> None:
    record = Record(postgres.new(), tmp_path)
    record.verify()
    assert months(postgres, record.url) >= {"body_2024_10", "body_2024_11", "body_2024_12"}
    record.append(choice(1), choice(2, day=DAY - 4000), choice(3, day=DAY + 81))
    assert {"body_2013_10", "body_2024_12"} <= months(postgres, record.url)
    assert record.verify()[0] == 3


def test_the_daily_round_makes_months_too(postgres: Server, tmp_path: Path) -> None:
    record = Record(postgres.new(), tmp_path)
    record.append(choice(1))
    record.purge(DAY + 100)
    assert {"body_2025_01", "body_2025_02", "body_2025_03"} <= months(postgres, record.url)


def test_a_month_is_made_while_somebody_reads_the_record(postgres: Server, tmp_path: Path) -> None:
    record = Record(postgres.new(), tmp_path)
    record.append(choice(1), choice(2))

    async def work(ledger: Ledger) -> int:
        reading = ledger.entries()
        await anext(reading)
        seq = (await ledger.append(choice(3, day=DAY + 500))).seq
        assert [entry.seq async for entry in reading] == [2]
        return seq

    assert record.run(work) == 3


def test_the_server_keeps_no_samples_of_what_can_be_deleted(postgres: Server, tmp_path: Path) -> None:
    record = Record(postgres.new(), tmp_path)
    record.append(*(choice(1) for _ in range(300)), *(choice(2, day=DAY + 400) for _ in range(300)))
    record.erase(1)
    postgres.execute("ANALYZE", url=record.url)
    (rows,) = postgres.execute(
        "SELECT tablename::text, attname::text FROM pg_stats WHERE schemaname = current_schema"
        " AND (tablename LIKE 'body%' OR tablename = 'erasure') AND attname IN ('tag', 'salt', 'body')",
        url=record.url,
    )
    assert rows == []
