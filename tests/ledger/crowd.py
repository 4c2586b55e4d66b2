"""Sixty-four writers that append until they are killed and tell standard output what was acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from gateway.ledger.sqlite import SqliteLedger
from tests.ledger.events import choice


async def write(ledger: SqliteLedger, number: int) -> None:
    while True:
        entry = await ledger.append(choice(number))
        os.write(1, f"{entry.seq} {entry.head.hex()}\n".encode())


async def crowd(path: Path) -> None:
    # One crowd may keep another waiting for long: SQLite's waiters do not queue.
    ledger = SqliteLedger(path, busy=60)
    await ledger.open()
    await asyncio.gather(*(write(ledger, number) for number in range(64)))


if __name__ == "__main__":
    asyncio.run(crowd(Path(sys.argv[1])))
