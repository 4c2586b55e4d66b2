"""GET stats at ten thousand, a hundred thousand and a million events: what it costs must not follow them.

    python benchmarks/consent_statistics.py [DAYS]

The events, a quarter of them refusals, are spread over DAYS days (default 364) and written to the record and its
counters; then the endpoint of a running gateway is asked 30 times for each dimension. Printed are the medians and the
ratio of the largest to the smallest record.
"""

from __future__ import annotations

import asyncio
import http.client
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from gateway.ledger import open_ledger, open_tallies
from gateway.model.categories import OPTIONAL
from gateway.model.entry import GENESIS, Entry, Kind, choice_event, seal
from gateway.statistics.cell import Cell
from gateway.statistics.tally import counted, shown
from gateway.statistics.visitor import BROWSERS, Visitor
from gateway.types import Receive, Scope, Send

SIZES = (10_000, 100_000, 1_000_000)
DIMENSIONS = ("", "category", "locale", "browser", "surface", "service")
ROUNDS = 30


def entries(count: int, first: int, days: int, counts: Counter[tuple[int, Cell]]) -> Iterator[Entry]:
    """`count` sealed choices from the day `first` on; `counts` is raised by what they count as."""
    head = GENESIS
    for seq in range(1, count + 1):
        day = first + (seq - 1) * days // count
        yes = seq % 4 > 0
        event = choice_event(
            Kind.GRANT if yes else Kind.REFUSE,
            now=day * 86_400.0,
            subject_tag=seq.to_bytes(16, "big") if yes else None,
            choices={category.value: int(yes and seq % 3 > 0) for category in OPTIONAL},
            notice_rev=1,
            notice_sha256="ab" * 32,
            ui_sha256="cd" * 32,
            policy_rev=1,
            tenant="",
            locale="en" if seq % 5 == 0 else "zh-Hant",
            layout="wide",
            surface="banner",
            signal=0,
        )
        visitor = Visitor(BROWSERS[seq % len(BROWSERS)])
        counts.update((day, cell) for cell in counted(event, OPTIONAL, visitor))
        counts.update((day, cell) for cell in shown("en", visitor, 1))
        counts[day, Cell("enforced:scripts", "service", f"service-{seq % 20}")] += 2
        entry = seal(event, seq=seq, prev=head, salt=seq.to_bytes(32, "big"))
        head = entry.head
        yield entry


async def fill(url: str, count: int, days: int) -> None:
    first = int(time.time() // 86_400) - days - 10
    counts: Counter[tuple[int, Cell]] = Counter()
    await open_ledger(url).restore(entries(count, first, days, counts))
    await open_tallies(url).settle("week", first)
    await open_tallies(url).add([(day, cell, n) for (day, cell), n in counts.items()])


async def shop(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def measure(folder: Path) -> dict[str, float]:
    """The median seconds of one GET for each dimension."""
    settings = Settings(folder=folder, database=f"sqlite:///{folder / 'ledger.sqlite'}")
    token = Tokens(folder).new("marketing")
    app = create_app(settings, shop=shop)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    medians = {}
    for by in DIMENSIONS:
        times = []
        for _ in range(ROUNDS):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            began = time.perf_counter()
            connection.request("GET", f"/_choices/stats?by={by}", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            body = answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != 200:
                raise SystemExit(f"{answer.status}: {body[:200]!r}")
            connection.close()
        medians[by] = sorted(times)[ROUNDS // 2]
    server.should_exit = True
    thread.join()
    return medians


def main() -> None:
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 364
    found = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            began = time.perf_counter()
            asyncio.run(fill(f"sqlite:///{Path(name) / 'ledger.sqlite'}", size, days))
            made = time.perf_counter() - began
            found[size] = measure(Path(name))
        line = "  ".join(f"{by or 'totals'} {seconds * 1000:.1f}" for by, seconds in found[size].items())
        print(f"{size:>9,} events ({made:.0f} s to make)   ms: {line}", flush=True)
    ratios = sorted(found[SIZES[-1]][by] / found[SIZES[0]][by] for by in DIMENSIONS)
    print(f"largest against smallest: {ratios[len(ratios) // 2]:.2f} (wanted: at most 2), at worst {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
