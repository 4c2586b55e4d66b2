"""Sixty-four writers of one gateway against single commits: what grouping makes up for all that an event costs.

    python benchmarks/commits.py [--rounds 5] [--seconds 3] [--json]

The ledger: real events of 64 writers through `SqliteLedger`, each on the disk before it counts. Single commits: one
row as large as an event's and its chain row in a file of SQLite's, in WAL with synchronous=FULL, one transaction after
the other, without any of our code. Both on the same disk, in turns; the figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median

ROW = b"x" * 900
"""About what a choice is in both of the ledger's files."""
WRITERS = 64
_START = 3.0
"""Seconds for a process to import what it needs."""


def single(path: Path, seconds: float) -> float:
    """Commits a second."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            connection.execute("INSERT INTO event (body) VALUES (?)", (ROW,))
            count += 1
        return count / (time.perf_counter() - began)


def grouped(path: Path, seconds: float) -> list[float]:
    """Milliseconds that each event waited, sorted."""
    start = time.time() + _START
    command = [sys.executable, str(Path(__file__).with_name("writers.py")), "gateway", f"sqlite:///{path}"]
    done = subprocess.run(
        [*command, str(WRITERS), str(start), str(start + seconds)], stdout=subprocess.PIPE, text=True, check=True
    )
    return sorted(map(float, done.stdout.split()))


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each contender in each round")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.rounds):
            alone = single(Path(folder, f"single{number}.sqlite"), arguments.seconds)
            waits = grouped(Path(folder, f"ledger{number}.sqlite"), arguments.seconds)
            rate = len(waits) / arguments.seconds
            p50, p99 = (waits[len(waits) * part // 100] for part in (50, 99))
            rounds.append({"single": alone, "ledger": rate, "ratio": rate / alone, "p50_ms": p50, "p99_ms": p99})
    found = {name: median(one[name] for one in rounds) for name in rounds[0]}
    if arguments.json:
        print(json.dumps({**found, "load": os.getloadavg()[0], "rounds": rounds}))
        return
    for title, one in (*((f"round {number}", one) for number, one in enumerate(rounds, 1)), ("median", found)):
        print(
            f"{title:8}  single {one['single']:7.0f}/s  64 writers {one['ledger']:7.0f}/s  {one['ratio']:5.2f} ×"
            f"  p50 {one['p50_ms']:6.1f} ms  p99 {one['p99_ms']:6.1f} ms"
        )


if __name__ == "__main__":
    main()
