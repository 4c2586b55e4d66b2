"""A record of a million entries, imported and exported: how fast, and how much memory, in SQLite and in PostgreSQL.

    python benchmarks/record.py [ENTRIES]

Every command is a process of its own, as a user would run it. About three gigabytes of disk are needed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from writers import postgresql

from gateway.model.entry import GENESIS, Kind, choice_event, seal
from gateway.model.exchange import end_line, entry_line, header_line


def lines(count: int) -> Iterator[bytes]:
    """An exported record: every fourth entry is a refusal, the others are grants of different subjects."""
    head = GENESIS
    yield header_line()
    for seq in range(1, count + 1):
        refused = seq % 4 == 0
        event = choice_event(
            Kind.REFUSE if refused else Kind.GRANT,
            now=1_795_000_000 + seq * 30,
            subject_tag=None if refused else seq.to_bytes(16, "big"),
            choices={"preferences": 0, "statistics": 0 if refused else 1, "marketing": 0},
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
        entry = seal(event, seq=seq, prev=head, salt=os.urandom(32))
        head = entry.head
        yield entry_line(entry)
    yield end_line(count, head)


def run(folder: Path, url: str, *command: str) -> None:
    """Runs one `ledger` command on the record at `url` and prints its seconds and its largest resident set."""
    environment = {**os.environ, "CONSENT_GATEWAY_DATA": str(folder), "CONSENT_GATEWAY_DATABASE": url}
    with (folder / "out").open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "ledger", *command],
            stdout=out,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    processor = usage.ru_utime + usage.ru_stime
    size = (folder / "out").stat().st_size
    print(
        f"{url.partition(':')[0]:10}  {' '.join(command[:3])[:26]:26} exit {os.waitstatus_to_exitcode(status)}"
        f"  {seconds:7.1f} s  {processor:7.1f} s CPU"
        f"  {usage.ru_maxrss / 1024:6.0f} MB resident  {size / 1e6:6.0f} MB out",
        flush=True,
    )


def on_disk(url: str) -> int:
    """Bytes of the record in its files, or in its tables with their indexes."""
    if url.startswith("sqlite:///"):
        path = Path(url[10:])
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.stem}*{path.suffix}"))

    async def ask() -> int:
        connection = await asyncpg.connect(url)
        try:
            query = """SELECT sum(pg_total_relation_size(oid)) FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"""
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    return asyncio.run(ask())


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name, postgresql() as server:
        folder = Path(name)
        with (folder / "in.jsonl").open("wb") as file:
            file.writelines(lines(count))
        print(f"{count} entries, {(folder / 'in.jsonl').stat().st_size / 1e6:.0f} MB")
        for url in (f"sqlite:///{folder / 'ledger.sqlite'}", server):
            run(folder, url, "import", str(folder / "in.jsonl"))
            size = on_disk(url)
            words = f"{size / 1e6:.0f} MB on disk, {size / count:.0f} bytes an entry"
            print(f"{url.partition(':')[0]:10}  {words}", flush=True)
            for kind in ("jsonl", "iso27560", "kantara"):
                run(folder, url, "export", "--format", kind)
            run(folder, url, "export", "--counts")
            run(folder, url, "verify")


if __name__ == "__main__":
    main()
