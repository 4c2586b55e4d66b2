"""What is told is sent on once, signed, and a receiver that is away delays nothing."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest
from aiohttp import web

from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.figures import Figures
from gateway.ledger.tallies import Tallies
from gateway.push import FIRST, HEADER, HOURLY, Push
from gateway.statistics.cell import Cell

T = TypeVar("T")
KEY = b"k" * 32
MONDAY = 20_003


class Receiver:
    """Takes what is posted; answers the first `failures` with 503."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.bodies: list[bytes] = []

    async def take(self, request: web.Request) -> web.Response:
        if self.failures:
            self.failures -= 1
            return web.Response(status=503)
        body = await request.read()
        signature = "sha256=" + hmac.new(KEY, body, "sha256").hexdigest()
        assert hmac.compare_digest(request.headers[HEADER], signature)
        self.bodies.append(body)
        return web.Response(status=204)


def run(folder: Path, receiver: Receiver, work: Callable[[str, Figures, Tallies], Awaitable[T]]) -> T:
    async def whole() -> T:
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        ledger = open_ledger(url)
        await ledger.open()
        await ledger.close()
        tallies = open_tallies(url)
        await tallies.settle("week", MONDAY)
        for week in (0, 7):
            counts = {"shown": 203, "accept_all": 61, "refuse_all": 41, "save": 3 if week else 12}
            await tallies.add([(MONDAY + week, Cell(what), n) for what, n in counts.items()])
        app = web.Application()
        app.router.add_post("/in", receiver.take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        try:
            return await work(f"http://{host}:{port}/in", Figures(tallies, lambda: (MONDAY + 16) * 86_400.0), tallies)
        finally:
            await runner.cleanup()

    return asyncio.run(whole())


def test_each_period_is_sent_once_and_only_what_is_told_of_it(tmp_path: Path) -> None:
    receiver = Receiver()

    async def work(url: str, figures: Figures, tallies: Tallies) -> list[int]:
        push = Push(url, KEY, figures, tallies)
        return [await push.once(), await push.once()]

    assert run(tmp_path, receiver, work) == [2, 0]
    (body,) = receiver.bodies
    sent = [json.loads(line) for line in body.splitlines()]
    totals = {line["measure"]: line["count"] for line in sent if line["by"] is None and line["from"] == "2024-10-14"}
    assert totals == {"shown": 205, "decisions": 105, "accept_all": 60}


def test_a_failure_is_repeated_ever_more_slowly_until_it_is_taken(tmp_path: Path) -> None:
    receiver = Receiver(failures=3)
    pauses: list[float] = []
    done = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if seconds == HOURLY:
            done.set()
            await asyncio.Event().wait()

    async def work(url: str, figures: Figures, tallies: Tallies) -> None:
        push = Push(url, KEY, figures, tallies, sleep=sleep)
        push.start()
        push.start()
        await done.wait()
        await push.close()
        await push.close()

    run(tmp_path, receiver, work)
    assert pauses == [FIRST, 2 * FIRST, 4 * FIRST, HOURLY]
    assert len(receiver.bodies) == 1


def test_what_was_not_taken_is_not_noted_as_sent(tmp_path: Path) -> None:
    async def work(url: str, figures: Figures, tallies: Tallies) -> set[str]:
        with pytest.raises(aiohttp.ClientError, match="503"):
            await Push(url, KEY, figures, tallies).once()
        with pytest.raises(aiohttp.ClientError):
            await Push("http://127.0.0.1:9/", KEY, figures, tallies).once()
        return await tallies.pushed()

    assert run(tmp_path, Receiver(failures=1), work) == set()
