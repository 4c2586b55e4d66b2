"""Whoever is answered 503 is counted by the reason, and the log says so once in a while."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.app import Gateway, create_app
from gateway.ledger import writer
from gateway.ledger.recording import Recorder
from gateway.observability.refusals import PAUSE, Reason, Refusals
from gateway.proxy.upstream import Limits
from tests.proxy.servers import RawShop, serve
from tests.proxy.test_websocket import Shop as WebSocketShop
from tests.test_app import Shop, Visitor, settings, visiting

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
JOURNAL = "answered 503: a choice was not granted"


def refused(visitor: Visitor) -> dict[str, float]:
    """What the metrics say, without what never happened."""
    families = text_string_to_metric_families(visitor.get("/_choices/metrics").body.decode())
    (family,) = (family for family in families if family.name == "consent_gateway_refused")
    assert [sample.labels for sample in family.samples] == [{"reason": reason.value} for reason in Reason]
    return {sample.labels["reason"]: sample.value for sample in family.samples if sample.value}


@contextlib.contextmanager
def limited(tmp_path: Path, upstream: str, limits: Limits) -> Iterator[Visitor]:
    with visiting(create_app(settings(tmp_path, upstream=upstream), limits=limits)) as visitor:
        yield visitor


def test_the_log_says_it_at_once_and_then_how_many_there_were(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    refusals = Refusals(lambda: now[0])
    for moment in (0.0, 1.0, PAUSE - 1, PAUSE, PAUSE + 1):
        now[0] = moment
        refusals.note(Reason.SHOP)
    refusals.note(Reason.QUEUE)
    told = [(record.getMessage().partition(": ")[2][:10], vars(record)["count"]) for record in caplog.records]
    assert told == [("all connec", 1), ("all connec", 3), ("a choice w", 1)]
    assert refusals.counts == {Reason.SHOP: 5, Reason.QUEUE: 1}


def test_a_busy_shop_is_counted_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    held = threading.Event()

    def script(connection: socket.socket, request: bytes, number: int) -> bool:
        held.wait(60)
        connection.sendall(OK)
        return False

    with (
        RawShop(script) as shop,
        limited(tmp_path, shop.url, Limits(connections=1, waiting=1)) as visitor,
        ThreadPoolExecutor(5) as crowd,
    ):
        asked = [crowd.submit(lambda: visitor.get().status)]
        while not shop.requests:  # one whose connection is being made waits too
            time.sleep(0.01)
        asked += [crowd.submit(lambda: visitor.get().status) for _ in range(4)]
        while sum(one.done() for one in asked) < 3:
            time.sleep(0.01)
        assert refused(visitor) == {"shop busy": 3}
        held.set()
        assert sorted(one.result() for one in asked) == [200, 200, 503, 503, 503]
    lines = [record for record in caplog.records if record.getMessage().startswith("answered 503")]
    assert [vars(record)["count"] for record in lines] == [1]


def test_one_websocket_too_many_is_counted(tmp_path: Path) -> None:
    async def run(port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/", proxy=None):
            with pytest.raises(InvalidStatus):
                await connect(f"ws://127.0.0.1:{port}/", proxy=None)

    with (
        serve(WebSocketShop(), lifespan="off") as shop,
        limited(tmp_path, f"http://127.0.0.1:{shop}", Limits(websockets=1)) as visitor,
    ):
        asyncio.run(run(visitor.port))
        assert refused(visitor) == {"websockets busy": 1}


def without_record(folder: Path) -> Gateway:
    (folder / "file").write_text("not a folder")
    return create_app(settings(folder, database=f"sqlite:///{folder}/file/ledger.sqlite"), shop=Shop())


def test_a_grant_that_neither_record_nor_journal_takes_is_counted_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "journal").write_text("not a folder")
    with visiting(without_record(tmp_path)) as visitor:
        for action in ("accept", "refuse", "accept"):
            visitor.post("/_choices/choice", f"action={action}&rev=1")
        assert refused(visitor) == {"record unwritten": 2}
    errors = [record for record in caplog.records if record.getMessage().startswith(JOURNAL)]
    assert [record.levelno for record in errors] == [logging.ERROR]


def test_a_queue_that_is_full_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST_WAITING", 1)
    slow = threading.Event()
    write = Recorder._write

    async def slowly(self: Recorder, lines: object) -> list[None]:
        await asyncio.to_thread(slow.wait, 60)
        return await write(self, lines)  # type: ignore[arg-type]

    monkeypatch.setattr(Recorder, "_write", slowly)
    with visiting(without_record(tmp_path)) as visitor, ThreadPoolExecutor(6) as crowd:
        asked = [crowd.submit(visitor.post, "/_choices/choice", "action=accept&rev=1") for _ in range(6)]
        while sum(one.done() for one in asked) < 4:
            time.sleep(0.01)
        assert refused(visitor) == {"queue full": 4}
        slow.set()
        assert sorted(one.result().status for one in asked) == [303, 303, 503, 503, 503, 503]


def test_a_record_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    with visiting(without_record(tmp_path)) as visitor:
        cookie = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        assert [visitor.get(f"/_choices/{name}", Cookie=cookie).status for name in ("me", "me.json")] == [503, 503]
        assert refused(visitor) == {"record unread": 2}
