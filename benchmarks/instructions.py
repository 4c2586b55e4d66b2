"""Instructions of one request on the hot path, by callgrind: `python benchmarks/instructions.py`.

The application alone, no sockets: the shop is a function that answers with the varying pages from memory. Printed for
each state of consent is what 50 requests cost after 120 others, three of each page, divided by 50, and the same with
one page for all. The whole takes a few minutes. Without valgrind CPU microseconds are printed instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import callgrind
from load import HEADERS
from page import page, visit

HERE: Final = Path(__file__).resolve()
ROOT: Final = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from gateway.app import create_app  # noqa: E402
from gateway.config.settings import Settings  # noqa: E402
from gateway.types import ASGIApp, Message, Receive, Scope, Send  # noqa: E402

STATES: Final = {"granted": "accept", "refused": "refuse", "unset": ""}
WARM: Final = 120
COUNTED: Final = 50
_COOKIE: Final = b"sessionid=0123456789abcdef; _ga=GA1.1.1.1; _fbp=fb.1.1.2"
_SHOP_HEADERS: Final = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"set-cookie", b"_fbp=fb.1.1700000000000.1234567890; Max-Age=7776000; Path=/; SameSite=Lax"),
]


def shop_of(bodies: list[bytes]) -> ASGIApp:
    """A shop that answers with `bodies` in turn."""
    number = 0

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal number
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = bodies[number % len(bodies)]
        number += 1
        headers = [*_SHOP_HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return shop


async def ask(app: ASGIApp, *, cookie: bytes, method: str = "GET", path: str = "/", body: bytes = b"") -> list[Message]:
    """One request; every message of the answer."""
    sent: list[Message] = []
    host = urlsplit("http://shop.example").netloc.encode()
    headers = [(b"host", host), *((name.lower().encode(), value.encode()) for name, value in HEADERS.items())]
    headers += [(b"cookie", cookie)] if cookie else []
    headers += [(b"content-type", b"application/json")] if body else []
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
             "client": ("192.0.2.1", 50000), "server": ("shop.example", 80)}  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def cookie_for(app: ASGIApp, action: str) -> bytes:
    """The `Cookie` header of a visitor who chose `action`; RuntimeError if the choice was not taken."""
    if not action:
        return _COOKIE
    body = json.dumps({"action": action, "rev": 1}).encode()
    start = (await ask(app, cookie=b"", method="POST", path="/_choices/choice", body=body))[0]
    if start["status"] != 200:
        raise RuntimeError(f"{action}: {start['status']}")
    line = next(value for name, value in start["headers"] if name.lower() == b"set-cookie")
    return bytes(line.partition(b";")[0]) + b"; " + _COOKIE


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncIterator[None]:
    """The application between its start and its end, as a server would run it."""
    heard: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    running = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, heard.get, said.put))
    await heard.put({"type": "lifespan.startup"})
    answer = await said.get()
    if answer["type"] != "lifespan.startup.complete":
        raise RuntimeError(str(answer))
    yield
    await heard.put({"type": "lifespan.shutdown"})
    await running


async def run(bodies: list[bytes], mark: Callable[[], object], folder: Path) -> None:
    """For each state: chooses, warms up, and marks before and after what is counted."""
    settings = Settings(folder=folder, database=f"sqlite:///{folder / 'ledger.sqlite'}", limits=False)
    app = create_app(settings, shop=shop_of(bodies))
    async with started(app):
        for action in STATES.values():
            cookie = await cookie_for(app, action)
            for _ in range(WARM):
                await ask(app, cookie=cookie)
            mark()
            for _ in range(COUNTED):
                await ask(app, cookie=cookie)
            mark()


def work(mark: Callable[[], object]) -> None:
    """The whole program that is counted: varying pages, then one page for all."""
    for bodies in [visit(number) for number in range(3 * (WARM + COUNTED))], [page()]:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(bodies, mark, Path(folder)))


def measure() -> dict[str, list[float]]:
    """By state: instructions of one request (CPU microseconds without valgrind) of varying pages, of one page."""
    if callgrind.available():
        taken = [number / COUNTED for number in callgrind.counts(HERE, ["--run"])[::2]]
    else:
        watch = callgrind.Stopwatch()
        work(watch.mark)
        taken = [number / COUNTED / 1000 for number in watch.taken[::2]]
    return {state: [taken[place], taken[place + len(STATES)]] for place, state in enumerate(STATES)}


def main() -> None:
    """Measure and print, or be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    if arguments.run:
        work(callgrind.mark)
        return
    unit = "instructions" if callgrind.available() else "CPU µs"
    found = measure()
    if arguments.json:
        print(json.dumps({"unit": unit, "states": found}, indent=2))
        return
    print(f"{unit + ' a request':<24} {'varying pages':>15} {'one page':>12}")
    for state, (varying, constant) in found.items():
        print(f"{state:<24} {varying:>15,.0f} {constant:>12,.0f}")


if __name__ == "__main__":
    main()
