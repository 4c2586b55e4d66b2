"""Sixty-four writers on one record: events a second and how long each waits, in SQLite and in PostgreSQL.

    python benchmarks/writers.py [SECONDS] [GATEWAYS…]

Every event is on the disk when it counts. Each gateway is a process of its own with its share of the writers.
PostgreSQL is started for the run, as it comes, on the same disk.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.ledger import open_ledger
from gateway.ledger.base import Ledger
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Kind, choice_event

WRITERS = 64


async def write(ledger: Ledger, number: int, until: float, waits: list[float]) -> None:
    while time.time() < until:
        event = choice_event(
            Kind.GRANT,
            now=time.time(),
            subject_tag=number.to_bytes(16, "big"),
            choices={"preferences": 1, "statistics": 1, "marketing": 0},
            notice_rev=1,
            notice_sha256="ab" * 32,
            ui_sha256="cd" * 32,
            policy_rev=1,
            tenant="",
            locale="en",
            layout="wide",
            surface="banner",
            signal=0,
        )
        began = time.perf_counter()
        await ledger.append(event)
        waits.append(time.perf_counter() - began)


async def gateway(url: str, writers: int, start: float, end: float) -> None:
    """One process: prints the milliseconds of each event."""
    sqlite = url.startswith("sqlite:///")
    ledger: Ledger = SqliteLedger(Path(url[10:]), busy=60) if sqlite else open_ledger(url)
    await ledger.open()
    await asyncio.sleep(start - time.time())
    waits: list[float] = []
    await asyncio.gather(*(write(ledger, number, end, waits) for number in range(writers)))
    await ledger.close()
    print("\n".join(f"{wait * 1000:.2f}" for wait in waits))


@contextmanager
def postgresql() -> Iterator[str]:
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests.postgres import Server

    server = Server()
    try:
        server.execute("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
        yield server.new()
    finally:
        server.close()


def measure(name: str, url: str, gateways: int, seconds: float) -> None:
    start = time.time() + 2
    arguments = [url, str(WRITERS // gateways), str(start), str(start + seconds)]
    command = [sys.executable, __file__, "gateway", *arguments]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(gateways)]
    waits = sorted(float(line) for process in processes for line in process.communicate()[0].split())
    print(
        f"{name:12} {gateways} gateways  {len(waits) / seconds:7.0f} events/s   p50 {waits[len(waits) // 2]:7.1f} ms"
        f"   p99 {waits[len(waits) * 99 // 100]:7.1f} ms   worst {waits[-1]:7.1f} ms",
        flush=True,
    )


def main() -> None:
    if sys.argv[1:2] == ["gateway"]:
        url, writers, start, end = sys.argv[2:]
        asyncio.run(gateway(url, int(writers), float(start), float(end)))
        return
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    counts = [int(count) for count in sys.argv[2:]] or [1, 4]
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    with tempfile.TemporaryDirectory() as folder, postgresql() as url:
        for gateways in counts:
            measure("SQLite", f"sqlite:///{folder}/{gateways}.sqlite", gateways, seconds)
            measure("PostgreSQL", url, gateways, seconds)


if __name__ == "__main__":
    main()
