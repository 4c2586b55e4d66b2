"""A read is in the record before anybody is shown anything of it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger.reading import announce
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Kind
from tests.ledger.record import entries


def announced(path: Path, *whats: str) -> None:
    async def work() -> None:
        ledger = SqliteLedger(path)
        await ledger.open()
        try:
            for what in whats:
                await announce(ledger, "marketing", what, now=0.0)
        finally:
            await ledger.close()

    asyncio.run(work())


def test_every_read_is_an_entry_that_verifies(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    announced(path, "stats", "stats")
    assert [(entry.kind, entry.day) for entry in entries(path)] == [(Kind.READ, "1970-01-01")] * 2
    assert asyncio.run(SqliteLedger(path).verify())[0] == 2


def test_a_read_that_cannot_be_noted_must_not_be_answered(tmp_path: Path) -> None:
    async def work() -> None:
        await announce(SqliteLedger(tmp_path / "ledger.sqlite"), "officer", "stats", now=time.time())

    with pytest.raises(LedgerUnavailable):
        asyncio.run(work())
