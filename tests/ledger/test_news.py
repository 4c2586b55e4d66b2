"""A signal that took what was taken already is no event."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.ledger.news import is_news
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Event, Kind
from tests.ledger.events import choice
from tests.ledger.record import entries

GRANT, AGAIN = choice(1), choice(1, kind=Kind.CHANGE)
SIGNAL = choice(1, kind=Kind.GPC, granted=False, surface="gpc")
OTHER = choice(2, kind=Kind.GPC, granted=False, surface="gpc")


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        ([GRANT, SIGNAL, SIGNAL], "grant gpc"),
        ([GRANT, SIGNAL, AGAIN, SIGNAL, SIGNAL], "grant gpc change gpc"),
        ([GRANT, SIGNAL, OTHER], "grant gpc gpc"),
        ([SIGNAL, SIGNAL], "gpc"),
        ([GRANT, choice(1, kind=Kind.WITHDRAW, granted=False), SIGNAL], "grant withdraw"),
    ],
    ids=["the same again", "granted anew between", "somebody else", "nothing known before", "withdrawn already"],
)
def test_only_what_changes_a_grant_is_recorded(tmp_path: Path, events: list[Event], kinds: str) -> None:
    async def work() -> None:
        for event in events:
            ledger = SqliteLedger(tmp_path / "ledger.sqlite")  # as after a restart, each time
            await ledger.open()
            if event.kind is not Kind.GPC or await is_news(ledger, event):
                await ledger.append(event)
            await ledger.close()

    asyncio.run(work())
    assert [entry.kind.value for entry in entries(tmp_path / "ledger.sqlite")] == kinds.split()
