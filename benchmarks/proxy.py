"""Requests per second through the gateway, beside the shop alone and a bare proxy: `python benchmarks/proxy.py`.

Contenders are measured in turns, several rounds, one core each; what counts are the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from load import HEADERS, drive, generator
from page import SIZE, TRACKERS, page
from processes import Server, free_port, gateway_command, uvicorn_command

CONNECTIONS: Final = 32
BASE: Final = "bare proxy"
WORDS: Final = {"granted": "accept", "refused": "refuse", "unset": ""}
"""The states measured, with the choice that leads there."""


@dataclass(slots=True)
class Contender:
    """One server in one state, with what every round brought."""

    name: str
    server: Server
    cookie: str = ""
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Microseconds of CPU a request."""

    def measure(self, seconds: float, core: int) -> None:
        """One round."""
        before = self.server.cpu_seconds()
        load = drive(self.server.url + "/", self.cookie, connections=CONNECTIONS, seconds=seconds, core=core)
        after = self.server.cpu_seconds()
        self.rates.append(load.rate)
        if before is not None and after is not None:
            self.cpu.append((after - before) / load.requests * 1e6)


@dataclass(frozen=True, slots=True)
class Result:
    """A contender's medians; `ratio` is its rate over the bare proxy's."""

    name: str
    rate: float
    cpu: float | None
    ratio: float


def cores() -> tuple[int, int, int]:
    """Cores for contender, shop and load: its own for the contender if there are two, for each if three."""
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return available[0], available[1 % len(available)], available[-1]


def choose(gateway: str, action: str) -> str:
    """The `Cookie` header of a visitor who chose `action` on the gateway."""
    if not action:
        return ""
    body = json.dumps({"action": action, "rev": 1}).encode()
    request = urllib.request.Request(
        f"{gateway}/_choices/choice", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        line: str = answer.headers["Set-Cookie"]
    return line.partition(";")[0]


def fetch(contender: Contender) -> bytes:
    """The page as the contender gives it."""
    headers = HEADERS | ({"Cookie": contender.cookie} if contender.cookie else {})
    request = urllib.request.Request(contender.server.url + "/", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        body: bytes = answer.read()
    return body


def check(contender: Contender) -> None:
    """Raises RuntimeError unless the contender does what it is measured for."""
    body = fetch(contender)
    found = {host for host in TRACKERS if host in body}
    if contender.name == "gateway, refused" and found:
        raise RuntimeError(f"{contender.name}: still there: {sorted(found)}")
    if contender.name == "gateway, granted" and found != set(TRACKERS):
        raise RuntimeError(f"{contender.name}: a granted tag is missing from the page")
    if not contender.name.startswith("gateway") and body != page():
        raise RuntimeError(f"{contender.name}: the page is not the shop's")


@contextmanager
def contenders() -> Iterator[list[Contender]]:
    """All servers, started and checked."""
    own, behind, _ = cores()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def start(command: list[str], port: int, core: int, **environment: str) -> Server:
            server = Server(command, port, core, folder=folder, environment=environment)
            stack.callback(server.stop)
            return server

        def shop(core: int) -> Server:
            port = free_port()
            return start(uvicorn_command("shop:app", port), port, core)

        upstream = shop(behind)
        port = free_port()
        bare = start(uvicorn_command("bare_proxy:app", port), port, own, UPSTREAM=upstream.url)
        port = free_port()
        gateway = start(
            gateway_command(upstream.url, port),
            port,
            own,
            CONSENT_GATEWAY_DATA=str(folder / "data"),
            CONSENT_GATEWAY_LIMITS="off",
        )
        found = [Contender("the shop itself", shop(own)), Contender(BASE, bare)]
        found += [
            Contender(f"gateway, {state}", gateway, choose(gateway.url, action)) for state, action in WORDS.items()
        ]
        for contender in found:
            check(contender)
        yield found


def results(measured: list[Contender]) -> list[Result]:
    """The medians, compared with the bare proxy's."""
    rates = {contender.name: statistics.median(contender.rates) for contender in measured}
    cpu = {c.name: statistics.median(c.cpu) if c.cpu else None for c in measured}
    return [Result(name, rate, cpu[name], rate / rates[BASE]) for name, rate in rates.items()]


def table(found: list[Result]) -> str:
    """The results for a reader."""
    lines = [f"{'':<18} {'req/s':>9} {'CPU µs/req':>11} {'× bare proxy':>13}"]
    for row in found:
        cpu = "–" if row.cpu is None else f"{row.cpu:.0f}"
        lines.append(f"{row.name:<18} {row.rate:>9,.0f} {cpu:>11} {row.ratio:>13.2f}")
    return "\n".join(lines)


def document(found: list[Result], measured: list[Contender]) -> str:
    """The results for a program."""
    rounds = {contender.name: contender.rates for contender in measured}
    rows = [{"name": r.name, "rate": r.rate, "cpu_us": r.cpu, "ratio": r.ratio, "rates": rounds[r.name]} for r in found]
    about = {"load": generator(), "connections": CONNECTIONS, "page_bytes": SIZE, "cores": len(set(cores()))}
    return json.dumps(about | {"contenders": rows}, indent=2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds for each contender (default 3)")
    parser.add_argument("--seconds", type=float, default=4, help="seconds of a round (default 4)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    *_, driving = cores()
    with contenders() as measured:
        for contender in measured:
            contender.measure(1, driving)
            contender.rates.clear()
            contender.cpu.clear()
        for turn in range(max(1, arguments.rounds)):
            for contender in measured if turn % 2 == 0 else reversed(measured):
                contender.measure(arguments.seconds, driving)
        found = results(measured)
    print(document(found, measured) if arguments.json else table(found))


if __name__ == "__main__":
    main()
