"""Requests per second through the gateway, beside the shop alone and other proxies: `python benchmarks/proxy.py`.

Contenders are measured in turns, several rounds, one core each; what counts are the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

import peers
from load import HEADERS, drive, generator
from page import TRACKERS, page, visit
from processes import Server, cores

CONNECTIONS: Final = 32
BASE: Final = "bare proxy"
WORDS: Final = {"granted": "accept", "refused": "refuse", "unset": ""}
"""The states measured, with the choice that leads there."""
_CHECKED: Final = 7


class Work(Enum):
    """What a contender has to do with a page: pass it as it is, keep every tracker, let none through."""

    PASS = "pass"
    KEEP = "keep"
    CLOSE = "close"


@dataclass(slots=True)
class Contender:
    """One server in one state, with what every round brought. `host` is asked for if it is not the server's own."""

    name: str
    server: Server
    work: Work = Work.PASS
    cookie: str = ""
    host: str = ""
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Microseconds of CPU a request."""

    @property
    def headers(self) -> dict[str, str]:
        """What is sent beside a browser's usual headers."""
        return {name: value for name, value in (("Cookie", self.cookie), ("Host", self.host)) if value}

    def measure(self, seconds: float, core: int) -> None:
        """One round."""
        before = self.server.cpu_seconds()
        load = drive(self.server.url + "/", self.headers, connections=CONNECTIONS, seconds=seconds, core=core)
        after = self.server.cpu_seconds()
        self.rates.append(load.rate)
        if load.requests and before is not None and after is not None:
            self.cpu.append((after - before) / load.requests * 1e6)


@dataclass(frozen=True, slots=True)
class Result:
    """A contender's medians; `ratio` is its rate over the bare proxy's."""

    name: str
    rate: float
    cpu: float | None
    ratio: float


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


def fetch(contender: Contender, path: str) -> bytes:
    """The page as the contender gives it."""
    request = urllib.request.Request(contender.server.url + path, headers=HEADERS | contender.headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        body: bytes = answer.read()
    return body


def check(contender: Contender, wanted: bytes) -> None:
    """Raises RuntimeError unless the contender does what it is measured for; `wanted` is the shop's page."""
    body = fetch(contender, f"/?visit={_CHECKED}")
    found = {host for host in TRACKERS if host in body}
    if contender.work is Work.CLOSE and found:
        raise RuntimeError(f"{contender.name}: still there: {sorted(found)}")
    if contender.work is Work.KEEP and found != set(TRACKERS):
        raise RuntimeError(f"{contender.name}: a granted tag is missing from the page")
    if contender.work is Work.PASS and body != wanted:
        raise RuntimeError(f"{contender.name}: the page is not the shop's")


@contextmanager
def contenders(*, same: bool, saved: Path | None, mitmdump: str) -> Iterator[list[Contender]]:
    """All servers, started and checked."""
    own, behind, _ = cores()
    with peers.field(mitmdump) as grounds:
        upstream = grounds.shop(behind, same=same, saved=saved)
        host = upstream.url.removeprefix("http://")
        found = [
            Contender("the shop itself", grounds.shop(own, same=same, saved=saved)),
            Contender(BASE, grounds.bare(upstream.url)),
        ]
        for name, server, work, asked in (
            ("nginx proxy_pass", grounds.nginx(upstream.url, filtering=False), Work.PASS, ""),
            ("nginx sub_filter", grounds.nginx(upstream.url, filtering=True), Work.CLOSE, ""),
            ("Privoxy", grounds.privoxy(), Work.CLOSE, host),
            ("mitmproxy", grounds.mitmproxy(upstream.url), Work.CLOSE, ""),
        ):
            if server is not None:
                found.append(Contender(name, server, work, host=asked))
        gateway = grounds.gateway(upstream.url)
        for state, action in WORDS.items():
            work = Work.KEEP if state == "granted" else Work.CLOSE if state == "refused" else Work.PASS
            found.append(Contender(f"gateway, {state}", gateway, work, choose(gateway.url, action)))
        wanted = page() if same else visit(_CHECKED)
        for contender in found:
            if contender.name != "gateway, unset":
                check(contender, wanted)
        yield found


def results(measured: list[Contender]) -> list[Result]:
    """The medians, compared with the bare proxy's."""
    rates = {contender.name: statistics.median(contender.rates) for contender in measured}
    cpu = {c.name: statistics.median(c.cpu) if c.cpu else None for c in measured}
    return [Result(name, rate, cpu[name], rate / rates[BASE]) for name, rate in rates.items()]


def compared(found: list[Result]) -> dict[str, float]:
    """The ratios that are wanted to be of a certain size; those to peers that were left out are missing."""
    rates = {row.name: row.rate for row in found}
    pairs = (("gateway, granted", BASE), ("gateway, refused", "Privoxy"), ("gateway, refused", "mitmproxy"))
    return {f"{one} / {other}": rates[one] / rates[other] for one, other in pairs if other in rates}


def table(found: list[Result]) -> str:
    """The results for a reader."""
    lines = [f"{'':<18} {'req/s':>9} {'CPU µs/req':>11} {'× bare proxy':>13}"]
    for row in found:
        cpu = "–" if row.cpu is None else f"{row.cpu:.0f}"
        lines.append(f"{row.name:<18} {row.rate:>9,.0f} {cpu:>11} {row.ratio:>13.2f}")
    return "\n".join([*lines, "", *(f"{name}: {ratio:.2f}" for name, ratio in compared(found).items())])


def document(found: list[Result], measured: list[Contender], pages: str) -> dict[str, Any]:
    """The results for a program."""
    rounds = {contender.name: contender.rates for contender in measured}
    rows = [{"name": r.name, "rate": r.rate, "cpu_us": r.cpu, "ratio": r.ratio, "rates": rounds[r.name]} for r in found]
    about = {"load": generator(), "connections": CONNECTIONS, "cores": len(set(cores()))}
    return about | {"pages": pages, "compared": compared(found), "contenders": rows}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds for each contender (default 3)")
    parser.add_argument("--seconds", type=float, default=4, help="seconds of a round (default 4)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--same", action="store_true", help="one page for every request instead of varying ones")
    which.add_argument("--pages", type=Path, help="folder of saved pages (*.html), each in turn, instead")
    parser.add_argument("--mitmdump", default="mitmdump", help="where mitmproxy's mitmdump is (default: on the path)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    *_, driving = cores()
    saved: Path | None = arguments.pages
    if saved and not any(saved.glob("*.html")):
        parser.error(f"--pages {saved}: expected a folder with *.html in it")
    with contenders(same=arguments.same, saved=saved, mitmdump=arguments.mitmdump) as measured:
        for contender in measured:
            contender.measure(1, driving)
            contender.rates.clear()
            contender.cpu.clear()
        for turn in range(max(1, arguments.rounds)):
            for contender in measured if turn % 2 == 0 else reversed(measured):
                contender.measure(arguments.seconds, driving)
        found = results(measured)
    if arguments.json:
        pages = "saved" if saved else "one for all" if arguments.same else "varying"
        print(json.dumps(document(found, measured, pages), indent=2))
    else:
        print(table(found))


if __name__ == "__main__":
    main()
