"""Sixty-four writers that append until they are killed and tell standard output what was acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Event, Kind, choice_event

HASH = "0" * 64


def grant(number: int = 0) -> Event:
    return choice_event(
        Kind.GRANT,
        now=1_795_000_000,
        subject_tag=number.to_bytes(16, "big"),
        choices={"preferences": 1, "statistics": 0, "marketing": 0},
        notice_rev=1,
        notice_sha256=HASH,
        ui_sha256=HASH,
        policy_rev=1,
        tenant="",
        locale="en",
        layout="wide",
        surface="banner",
        signal=0,
    )


async def write(ledger: SqliteLedger, number: int) -> None:
    while True:
        entry = await ledger.append(grant(number))
        os.write(1, f"{entry.seq} {entry.head.hex()}\n".encode())


async def crowd(path: Path) -> None:
    # One crowd may keep another waiting for long: SQLite's waiters do not queue.
    ledger = SqliteLedger(path, busy=60)
    await ledger.open()
    await asyncio.gather(*(write(ledger, number) for number in range(64)))


if __name__ == "__main__":
    asyncio.run(crowd(Path(sys.argv[1])))
