"""Appends to the record at a path for some seconds, one after the other, and says how many."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from gateway.ledger.sqlite import SqliteLedger
from tests.ledger.events import choice


async def append(path: Path, seconds: float, writers: int) -> int:
    ledger = SqliteLedger(path)
    until = time.monotonic() + seconds
    number = 0

    async def one() -> None:
        nonlocal number
        while time.monotonic() < until:
            await ledger.append(choice(number))
            number += 1

    await ledger.open()
    await asyncio.gather(*(one() for _ in range(writers)))
    await ledger.close()
    return number


if __name__ == "__main__":
    print(asyncio.run(append(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))))
