"""Sixty-four writers that append until they are killed and tell standard output what was acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from gateway.ledger import open_ledger
from gateway.ledger.base import Ledger
from gateway.ledger.sqlite import SqliteLedger
from tests.ledger.events import choice


async def write(ledger: Ledger, number: int) -> None:
    while True:
        entry = await ledger.append(choice(number))
        os.write(1, f"{entry.seq} {entry.head.hex()}\n".encode())


async def crowd(where: str) -> None:
    # One crowd may keep another waiting for long: SQLite's waiters do not queue.
    ledger = open_ledger(where) if "://" in where else SqliteLedger(Path(where), busy=60)
    await ledger.open()
    await asyncio.gather(*(write(ledger, number) for number in range(64)))


if __name__ == "__main__":
    asyncio.run(crowd(sys.argv[1]))
