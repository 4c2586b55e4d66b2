"""The load: `wrk` where it is installed, otherwise a generator of our own with raw sockets on asyncio."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from processes import HERE, pinned

HEADERS: Final = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
}
"""What a browser sends when it opens a page."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one round brought: complete answers, and the seconds it took."""

    requests: int
    seconds: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def generator() -> str:
    """Which of the two is used here."""
    return "wrk" if shutil.which("wrk") else "asyncio"


def drive(url: str, more: Mapping[str, str], *, connections: int, seconds: float, core: int) -> Load:
    """Ask for `url` with `more` headers over `connections` connections for `seconds`, from a process on `core`.

    Raises RuntimeError when an answer failed: a fast error page is no result.
    """
    headers = HEADERS | dict(more)
    options = [option for name, value in headers.items() for option in ("-H", f"{name}: {value}")]
    if generator() == "wrk":
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", *options, url]
    else:
        command = [sys.executable, str(HERE / "load.py"), str(connections), str(seconds), url, *options]
    done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode or "Non-2xx" in done.stdout or re.search(r"read [1-9]", done.stdout):
        raise RuntimeError(f"the load failed:\n{done.stdout}{done.stderr}")
    return read_report(done.stdout)


def read_report(text: str) -> Load:
    """`wrk`'s line of totals, which our own generator writes too."""
    match = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", text)
    if match is None:
        raise RuntimeError(f"no totals in the load generator's report:\n{text}")
    return Load(int(match[1]), float(match[2]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[match[3]])


async def _connection(host: str, port: int, request: bytes, deadline: float) -> int:
    """Ask again and again over one connection; the number of complete answers."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    number = 0
    while time.monotonic() < deadline:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        length = re.search(rb"content-length: (\d+)", head)
        if length is not None:
            await reader.readexactly(int(length[1]))
        else:
            await _read_chunks(reader)
        number += 1
    writer.close()
    return number


async def _read_chunks(reader: asyncio.StreamReader) -> None:
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
    await reader.readexactly(2)


async def _generate(url: str, headers: list[str], connections: int, seconds: float) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    own = [] if any(line.startswith("Host:") for line in headers) else [f"Host: {parts.netloc}"]
    lines = [f"GET {parts.path or '/'} HTTP/1.1", *own, *headers, "\r\n"]
    request = "\r\n".join(lines).encode("latin-1")
    start = time.monotonic()
    running = [_connection(host, port, request, start + seconds) for _ in range(connections)]
    total = sum(await asyncio.gather(*running))
    print(f"{total} requests in {time.monotonic() - start:.3f}s")


if __name__ == "__main__":
    asyncio.run(_generate(sys.argv[3], sys.argv[5::2], int(sys.argv[1]), float(sys.argv[2])))
