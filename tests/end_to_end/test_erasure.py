"""From the visitor's click to the last byte: what was erased is in no file, and no backup brings it back."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.config.settings import EvidenceHold
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.entry import Kind
from tests.ledger.record import entries
from tests.served import contents
from tests.test_app import KEY, Shop, Visitor, settings, visiting

START = 20_000 * 86_400.0 + 7


class Night:
    """The gateway's clock, and its sleep between two rounds, from which it is woken by hand."""

    def __init__(self) -> None:
        self.now = START
        self.asked: list[float] = []
        self.awake = threading.Event()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        while not await asyncio.to_thread(self.awake.wait, 0.05):
            pass
        self.awake.clear()

    def rest(self, rounds: int) -> None:
        """Waits until that many rounds are over."""
        wait_until(lambda: len(self.asked) >= rounds)

    def pass_(self) -> None:
        """A night passes, as long as the gateway asked for."""
        assert self.asked[-1] <= 86_400
        self.now += self.asked[-1]
        self.awake.set()


def wait_until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def nights(folder: Path, **options: object) -> Iterator[tuple[Visitor, Night]]:
    night = Night()
    app = create_app(settings(folder, **options), shop=Shop(), clock=night.clock, sleep=night.sleep)
    with visiting(app) as visitor:
        night.rest(1)
        yield visitor, night
        night.awake.set()


def needles_of(folder: Path, visitor: Visitor, cookie: str) -> list[bytes]:
    """All that says something of a visitor: id, tag in both forms, salts, bodies."""
    choice = ConsentCookie([KEY]).load(cookie.partition("=")[2])
    assert choice is not None
    events = json.loads(visitor.get("/_choices/me.json", Cookie=cookie).body)["events"]
    tag = bytes.fromhex(events[0]["subject_tag"])
    with closing(sqlite3.connect(folder / "ledger-bodies.sqlite")) as bodies:
        rows = bodies.execute("SELECT salt, body FROM body WHERE tag = ?", (tag,)).fetchall()
    assert len(rows) == len(events) > 0
    needles = [choice.id.encode(), tag, tag.hex().encode()]
    return needles + [part for salt, body in rows for part in (salt, body.encode())]


def found(folder: Path, needles: list[bytes]) -> set[str]:
    """The files, all of the data folder, that hold any of it, in their content or their name."""
    return {file.name for file, held in contents(folder).items() for n in needles if n in held + file.name.encode()}


def test_the_next_round_leaves_no_byte_though_somebody_reads_meanwhile(tmp_path: Path) -> None:
    with nights(tmp_path) as (visitor, night):
        stays = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        goes = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        goes = visitor.post("/_choices/withdraw", "category=statistics", Cookie=goes).cookie()
        needles = needles_of(tmp_path, visitor, goes)
        assert found(tmp_path, needles)
        assert visitor.post("/_choices/erase", "", Cookie=goes).status == 303
        with closing(sqlite3.connect(tmp_path / "ledger-bodies.sqlite", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM body").fetchone()
            night.pass_()
            wait_until(lambda: Kind.ERASURE in {entry.kind for entry in entries(tmp_path / "ledger.sqlite")})
            assert len(night.asked) == 1, "the round is not over while a reader still sees the bodies"
            assert visitor.get("/").status == 200
        night.rest(2)
        assert night.now - START < 86_400
        assert found(tmp_path, needles) == set()
        assert len(json.loads(visitor.get("/_choices/me.json", Cookie=stays).body)["events"]) == 1
        assert asyncio.run(SqliteLedger(tmp_path / "ledger.sqlite").verify())[0] > 0
    assert found(tmp_path, needles) == set()


@pytest.mark.parametrize("both", [False, True], ids=["the bodies", "chain and bodies"])
def test_a_backup_that_is_put_back_forgets_again_before_it_serves(tmp_path: Path, both: bool) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    data.mkdir()
    with nights(data) as (visitor, _):
        goes = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        needles = needles_of(data, visitor, goes)
    backup.mkdir()
    names = ["ledger-bodies.sqlite", *["ledger.sqlite"] * both]
    for name in names:
        shutil.copy(data / name, backup / name)
    with nights(data) as (visitor, night):
        visitor.post("/_choices/erase", "", Cookie=goes)
        night.pass_()
        night.rest(2)
        assert found(data, needles) == set()
    for name in names:
        for suffix in ("-wal", "-shm"):
            (data / f"{name}{suffix}").unlink(missing_ok=True)
        shutil.copy(backup / name, data / name)
    assert found(data, needles)
    with nights(data) as (visitor, _):
        assert json.loads(visitor.get("/_choices/me.json", Cookie=goes).body)["events"] == []
        assert found(data, needles) == set()
        assert asyncio.run(SqliteLedger(data / "ledger.sqlite").verify())[0] > 0


def test_a_hold_keeps_the_body_unused_until_its_last_day_has_passed(tmp_path: Path) -> None:
    hold = EvidenceHold(reason="case 12", until="2024-10-04")  # the day it is
    with nights(tmp_path, evidence_hold=hold) as (visitor, night):
        goes = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
        needles = needles_of(tmp_path, visitor, goes)
        told = visitor.post("/_choices/erase", "{}", Cookie=goes)
        assert json.loads(told.body)["evidence_hold"] == {"reason": "case 12", "until": "2024-10-04"}
        night.now += 3600
        night.awake.set()
        night.rest(2)
        assert found(tmp_path, needles)
        assert json.loads(visitor.get("/_choices/me.json", Cookie=goes).body)["events"] == []
        night.now += 86_400
        night.awake.set()
        night.rest(3)
        assert found(tmp_path, needles) == set()
        assert asyncio.run(SqliteLedger(tmp_path / "ledger.sqlite").verify())[0] > 0
