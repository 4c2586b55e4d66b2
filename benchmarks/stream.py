"""Streams, memory and many clients: `python benchmarks/stream.py [first] [memory] [clients]`, all three by default.

first: milliseconds until the first byte of a page that the shop sends in ten pieces over nine tenths of a second.
memory: megabytes that the gateway holds while HTML streams through it to a fast and to a slow reader.
clients: a thousand connections, each asking now and then and open as long as the server keeps it so; waiting times and
memory beside a bare proxy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import socket
import statistics
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import peers
from load import HEADERS
from processes import Server, cores
from proxy import WORDS, Contender, choose

PARTS: Final = ("first", "memory", "clients")
SLOW: Final = 20_000_000
"""Bytes a second of the slow reader."""
_BLOCK: Final = 1 << 18


def request(contender: Contender, path: str, *more: str) -> bytes:
    """A browser's request, as bytes."""
    host = {"Host": urlsplit(contender.server.url).netloc}
    headers = host | HEADERS | contender.headers
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), *more, "\r\n"]
    return "\r\n".join(lines).encode("latin-1")


def first_byte(contender: Contender) -> float:
    """Milliseconds to the first byte of the slow page's body; RuntimeError if the page does not come."""
    with socket.create_connection(("127.0.0.1", contender.server.port), 10) as connection:
        start = time.perf_counter()
        connection.sendall(request(contender, "/slow", "Connection: close"))
        data = b""
        while not data.partition(b"\r\n\r\n")[2]:
            if not (block := connection.recv(_BLOCK)):
                raise RuntimeError(f"{contender.name}: no page")
            data += block
        taken = (time.perf_counter() - start) * 1000
        while block := connection.recv(_BLOCK):
            data += block
    if b"</html>" not in data:
        raise RuntimeError(f"{contender.name}: half a page")
    return taken


def fed(contender: Contender, megabytes: int, rate: int) -> dict[str, float]:
    """Megabytes in memory before, at most, and at the end, while so much HTML comes; at `rate` bytes/s, 0 for all."""
    before = contender.server.resident()
    most, got, start = before, 0, time.perf_counter()
    with socket.create_connection(("127.0.0.1", contender.server.port), 60) as connection:
        connection.sendall(request(contender, f"/stream?{megabytes}", "Connection: close"))
        sampled = 0.0
        tail = b""
        while block := connection.recv(_BLOCK):
            got += len(block)
            tail = (tail + block)[-64:]
            now = time.perf_counter()
            if now - sampled > 0.05:
                most, sampled = max(most, contender.server.resident()), now
            if rate and (ahead := got / rate - (now - start)) > 0:
                time.sleep(ahead)
    if b"</html>" not in tail or got < megabytes * 700_000:
        raise RuntimeError(f"{contender.name}: the stream ended after {got} bytes")
    seconds = time.perf_counter() - start
    return {"before": before, "most": most, "after": contender.server.resident(), "seconds": seconds}


async def _client(ask: bytes, port: int, pause: float, until: float, waits: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    left = until - time.perf_counter()
    await asyncio.sleep(min(random.uniform(0, pause), left))
    while time.perf_counter() < until:
        start = time.perf_counter()
        if reader.at_eof():  # closed by the server, as browsers see it too: the new connection is part of the wait
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        writer.write(ask)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length:
            await reader.readexactly(int(length))
        else:
            await reader.readuntil(b"\r\n0\r\n\r\n")
        waits.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(min(random.uniform(0, 2 * pause), max(0, until - time.perf_counter())))
    writer.close()


def many(contender: Contender, clients: int, rate: float, seconds: float) -> dict[str, float]:
    """Milliseconds that answers took, and megabytes, with so many connections that ask `rate` times a second in all."""
    waits: list[float] = []
    ask, pause = request(contender, "/"), clients / rate
    before = contender.server.resident()

    async def run() -> float:
        until = time.perf_counter() + seconds
        tasks = [_client(ask, contender.server.port, pause, until, waits) for _ in range(clients)]
        running = asyncio.gather(*tasks)
        await asyncio.sleep(seconds * 0.9)
        held = contender.server.resident()
        await running
        return held

    held = asyncio.run(run())
    cut = statistics.quantiles(waits, n=100)
    return {"answers": len(waits), "p50_ms": cut[49], "p99_ms": cut[98], "before": before, "most": held}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every part that is asked for."""
    _, behind, driving = cores()
    found: dict[str, Any] = {}
    with peers.field(arguments.mitmdump) as grounds:
        upstream = grounds.shop(behind)
        gateway = grounds.gateway(upstream.url)
        bare = Contender("bare proxy", grounds.bare(upstream.url))
        states = {state: Contender(f"gateway, {state}", gateway, cookie=choose(gateway.url, action))
                  for state, action in WORDS.items()}  # fmt: skip
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {driving})
        if "first" in arguments.parts:
            contenders = [Contender("the shop itself", upstream), bare, *states.values()]
            others: list[tuple[str, Callable[[], Server | None], str]] = [
                ("Privoxy", grounds.privoxy, urlsplit(upstream.url).netloc),
                ("mitmproxy", lambda: grounds.mitmproxy(upstream.url), ""),
            ]
            for name, start, host in others:
                if (server := start()) is not None:
                    contenders.append(Contender(name, server, host=host))
            taken: dict[str, list[float]] = {one.name: [] for one in contenders}
            for _ in range(arguments.rounds + 1):
                for one in contenders:
                    taken[one.name].append(first_byte(one))
            found["first"] = {name: statistics.median(values[1:]) for name, values in taken.items()}
        if "memory" in arguments.parts:
            found["memory"] = {
                "fast reader": fed(states["refused"], arguments.megabytes, 0),
                "slow reader": fed(states["refused"], arguments.megabytes, SLOW),
            }
        if "clients" in arguments.parts:
            for one in (bare, *states.values()):
                many(one, 20, arguments.rate, 1)
            found["clients"] = {
                one.name: many(one, arguments.clients, arguments.rate, arguments.seconds)
                for one in (bare, *states.values())
            }
    return found


def table(found: dict[str, Any]) -> str:
    """The results for a reader."""
    lines = []
    if "first" in found:
        own = found["first"]["the shop itself"]
        lines += ["first byte of a slow page           ms   more than the shop"]
        lines += [f"{name:<28} {ms:>9.1f} {ms - own:>20.1f}" for name, ms in found["first"].items()]
    for part, figures in found.items():
        if part != "first":
            heads = list(next(iter(figures.values())))
            lines += ["", f"{part:<28}" + "".join(f"{head:>10}" for head in heads)]
            for name, row in figures.items():
                lines.append(f"{name:<28}" + "".join(f"{row[head]:>10,.1f}" for head in heads))
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"any of {', '.join(PARTS)} (default all)")
    parser.add_argument("--rounds", type=int, default=7, help="slow pages for each contender (default 7)")
    parser.add_argument("--megabytes", type=int, default=300, help="HTML of a stream (default 300)")
    parser.add_argument("--clients", type=int, default=1000, help="connections (default 1000)")
    parser.add_argument("--rate", type=float, default=50, help="requests a second of all clients together (default 50)")
    parser.add_argument("--seconds", type=float, default=20, help="seconds of the clients' part (default 20)")
    parser.add_argument("--mitmdump", default="mitmdump", help="where mitmproxy's mitmdump is (default: on the path)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    arguments.parts = arguments.parts or list(PARTS)
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; expected {', '.join(PARTS)}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found = measure(arguments)
    print(json.dumps(found, indent=2) if arguments.json else table(found))


if __name__ == "__main__":
    main()
