"""The monthly parts of the table of bodies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from gateway.ledger.postgresql.connections import Connection
from gateway.ledger.postgresql.schema import UNSAMPLED
from gateway.model.entry import iso_day

_AHEAD: Final = (0, 28, 56, 84)
"""Days from today on; no month is shorter than the steps, so none is missed and two come after this one."""


def name_of(day: str) -> str:
    """The table that holds the bodies of the ISO date `day`."""
    return f"body_{day[:4]}_{day[5:7]}"


def due(today: int) -> list[str]:
    """ISO dates in the months that should be there on the UTC epoch day `today`, before anybody needs them."""
    return [iso_day(today + days) for days in _AHEAD]


async def ensure(connection: Connection, days: Iterable[str]) -> set[str]:
    """Makes the parts for these ISO dates that are missing; the names of all of them.

    Within the transaction that `connection` is in, which must hold the lock of the chain's writers. The part is made by
    itself and then attached: to make it as a part at once would wait for everybody who reads the record.
    """
    wanted = {name_of(day): day for day in days}
    rows = await connection.fetch(
        "SELECT relname::text FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'body'::regclass"
    )
    for name in sorted(wanted.keys() - {row["relname"] for row in rows}):
        first = date.fromisoformat(wanted[name]).replace(day=1)
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        await connection.execute(
            f"CREATE TABLE {name} (LIKE body INCLUDING ALL);"
            f"ALTER TABLE {name} {UNSAMPLED};"
            f"ALTER TABLE body ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{after}')"
        )
    return set(wanted)
