"""Whether the gateway grows: memory and open files through hours of everything at once.

    python benchmarks/soak.py [--minutes 10] [--every 5] [--visitors 8] [--pages 3000]

Visitors look at pages that all differ, take static files, choose, withdraw, read what is kept of them and the
statistics, talk over a WebSocket, hang up halfway and send what is no HTTP. What grows shows as a difference between
the first and the last third, and as a slope over the last half.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from load import HEADERS
from processes import Server, free_port, gateway_command, uvicorn_command

CHOICES: Final = {
    "accept": {"action": "accept", "rev": 1},
    "refuse": {"action": "refuse"},
    "save": {"action": "save", "category": ["statistics"], "rev": 1},
}
BROKEN: Final = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET /page/1 HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"POST /_choices/choice HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 9\r\n\r\n{",
    b"GET /page/2 HTTP/1.1\r\nHost: shop.example\r\nCookie: consent=1.g.9.p1.psmg.x.y; consent=\xff\xfe\r\n\r\n",
    b"GET /page/3 HTTP/1.1\r\nHost: shop.example\r\nX-A: " + b"x" * 70_000 + b"\r\n\r\n",
    b"POST /order HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The gateway with all its processes at one moment: seconds since the start, resident megabytes, descriptors."""

    at: float
    resident: float
    descriptors: int

    @classmethod
    def of(cls, gateway: Server, began: float) -> Sample:
        """From /proc."""
        return cls(time.monotonic() - began, gateway.resident(), gateway.descriptors())


class Visitor:
    """One after another, each with a cookie of their own, until `until`."""

    def __init__(self, url: str, token: str, pages: int, seed: int, done: Counter[str]) -> None:
        self.url, self.token, self.pages, self.done = url, token, pages, done
        self.random = random.Random(seed)

    async def live(self, until: float) -> None:
        """Failures that nobody provoked are counted as such, by their kind."""
        timeout = ClientTimeout(total=30)
        async with ClientSession(cookie_jar=DummyCookieJar(), timeout=timeout) as self.session:
            while time.monotonic() < until:
                self.cookie = ""
                for _ in range(self.random.randrange(2, 30)):
                    what = self.random.choices(
                        ("page", "static", "choice", "withdraw", "me", "stats", "websocket", "hang up", "broken"),
                        (60, 20, 5, 2, 3, 1, 3, 3, 3),
                    )[0]
                    try:
                        await getattr(self, "_" + what.replace(" ", "_"))()
                        self.done[what] += 1
                    except (ClientError, OSError, TimeoutError, AssertionError) as error:
                        self.done[f"failed: {what}, {type(error).__name__} {error}"[:120]] += 1

    def _path(self) -> str:
        return f"{self.url}/page/{self.random.randrange(self.pages)}"

    @property
    def _headers(self) -> dict[str, str]:
        return {**HEADERS, "Cookie": f"_ga=GA1.1; sessionid=1; {self.cookie}"}

    async def _get(self, url: str, **headers: str) -> None:
        async with self.session.get(url, headers={**self._headers, **headers}) as answer:
            await answer.read()
            assert answer.status == 200, answer.status

    async def _post(self, where: str, fields: object) -> None:
        async with self.session.post(f"{self.url}/_choices/{where}", json=fields, headers=self._headers) as answer:
            await answer.read()
            assert answer.status == 200, answer.status
            for line in answer.headers.getall("Set-Cookie", ()):
                if line.startswith("consent="):
                    self.cookie = line.partition(";")[0]

    async def _page(self) -> None:
        await self._get(self._path())

    async def _static(self) -> None:
        await self._get(f"{self.url}/static/theme.css")

    async def _choice(self) -> None:
        await self._post("choice", CHOICES[self.random.choice(list(CHOICES))])

    async def _withdraw(self) -> None:
        await self._post("withdraw", {})

    async def _me(self) -> None:
        await self._get(f"{self.url}/_choices/me.json")

    async def _stats(self) -> None:
        await self._get(f"{self.url}/_choices/stats", Authorization=f"Bearer {self.token}")

    async def _websocket(self) -> None:
        async with self.session.ws_connect(f"{self.url}/live", headers={"Cookie": self._headers["Cookie"]}) as socket:
            for _ in range(5):
                await socket.send_str("tea")
                assert await socket.receive_str() == "tea"

    async def _hang_up(self) -> None:
        async with self.session.get(self._path(), headers=self._headers) as answer:
            await answer.content.read(1000)
            answer.close()

    async def _broken(self) -> None:
        host, _, port = self.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(self.random.choice(BROKEN))
            await asyncio.wait_for(reader.read(100), 0.2)
        except (TimeoutError, ConnectionResetError):
            pass
        finally:
            writer.close()


async def sample(gateway: Server, every: float, until: float) -> list[Sample]:
    """One at the start, then one every `every` seconds."""
    began = time.monotonic()
    found = [Sample.of(gateway, began)]
    while time.monotonic() < until:
        await asyncio.sleep(every)
        found.append(Sample.of(gateway, began))
        last = found[-1]
        if len(found) % 12 == 0:
            print(f"{last.at:6.0f} s  {last.resident:6.1f} MB  {last.descriptors:4} descriptors", flush=True)
    return found


async def soak(gateway: Server, token: str, options: argparse.Namespace) -> tuple[list[Sample], Counter[str]]:
    """All visitors at once, and the samples."""
    done: Counter[str] = Counter()
    until = time.monotonic() + options.minutes * 60
    visitors = [Visitor(gateway.url, token, options.pages, seed, done) for seed in range(options.visitors)]
    samples, *_ = await asyncio.gather(
        sample(gateway, options.every, until), *(visitor.live(until) for visitor in visitors)
    )
    return samples, done


def report(samples: list[Sample], done: Counter[str]) -> None:
    """Thirds, the largest, and how fast the last half grows."""
    third = max(1, len(samples) // 3)
    for name, get in (("MB resident", lambda s: s.resident), ("descriptors", lambda s: float(s.descriptors))):
        values = [get(one) for one in samples]
        first, last = statistics.median(values[:third]), statistics.median(values[-third:])
        half = samples[len(samples) // 2 :]
        slope = statistics.linear_regression([s.at for s in half], [get(s) for s in half]).slope * 3600
        print(
            f"{name:12} start {values[0]:.1f}  first third {first:.1f}  last third {last:.1f}  ({last - first:+.1f})"
            f"  largest {max(values):.1f}  end {values[-1]:.1f}  last half {slope:+.1f} an hour"
        )
    for what, number in sorted(done.items()):
        print(f"{number:9}  {what}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=5, help="seconds between two samples")
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--pages", type=int, default=3000)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {"CONSENT_GATEWAY_DATA": str(folder / "data"), "CONSENT_GATEWAY_LIMITS": "off"}
        port = free_port()
        shop = Server(uvicorn_command("soak_shop:app", port), port, 0, folder=folder, environment={})
        stack.callback(shop.stop)
        port = free_port()
        gateway = Server(gateway_command(shop.url, port), port, 1, folder=folder, environment=environment)
        stack.callback(gateway.stop)
        command = [sys.executable, "-m", "gateway", "token", "new", "--role", "marketing"]
        made = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
        samples, done = asyncio.run(soak(gateway, made.stdout.strip(), options))
    report(samples, done)


if __name__ == "__main__":
    main()
