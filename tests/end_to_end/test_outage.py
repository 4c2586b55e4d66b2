"""Two gateways on one PostgreSQL server that goes away while visitors choose: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from gateway.app import create_app
from gateway.config.keys import Secret
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.ledger import open_ledger
from gateway.model.entry import CHOICES, Entry, Kind, subject_tag, tag_key
from tests.end_to_end.test_canary import wait_for
from tests.ledger.test_base import RULE
from tests.postgres import Server
from tests.proxy.servers import serve as shop_at
from tests.served import free_port, kill
from tests.test_app import CANARY, Shop, Visitor, settings, visiting

SECRET, TAG_KEY = "s" * 32, "t" * 32


class Gateways:
    """Two processes, each with a data folder of its own, one record, the same keys."""

    def __init__(self, folder: Path, url: str, upstream: int) -> None:
        self.folders = [folder / "one", folder / "two"]
        self.url = url
        self.upstream = upstream
        self.processes: list[subprocess.Popen[bytes]] = []
        self.visitors: list[Visitor] = []

    def start(self) -> None:
        self.visitors.clear()
        for data in self.folders:
            port = free_port()
            command = [sys.executable, "-m", "gateway", "serve", "--upstream", f"http://127.0.0.1:{self.upstream}"]
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_GATEWAY")},
                "CONSENT_GATEWAY_DATA": str(data),
                "CONSENT_GATEWAY_DATABASE": self.url,
                "CONSENT_GATEWAY_SECRET": SECRET,
                "CONSENT_GATEWAY_TAG_KEY": TAG_KEY,
                "CONSENT_GATEWAY_LIMITS": "off",
                "PYTHONPATH": str(Path(__file__).parents[2]),
            }
            with data.with_suffix(".log").open("ab") as log:
                self.processes.append(
                    subprocess.Popen([*command, "--port", str(port)], stdout=log, stderr=log, env=environment)
                )
            self.visitors.append(Visitor(port))
        for visitor in self.visitors:
            wait_for(visitor.port)

    def end(self, how: int) -> None:
        for process in self.processes:
            if how == signal.SIGKILL:
                kill(process)
            else:
                process.send_signal(how)
        for process in self.processes:
            process.wait(60)
        self.processes.clear()


@contextmanager
def gateways(folder: Path, url: str) -> Iterator[Gateways]:
    with shop_at(Shop()) as upstream:
        both = Gateways(folder, url, upstream)
        try:
            both.start()
            yield both
        finally:
            both.end(signal.SIGKILL)


def tag_of(cookie: str) -> str:
    choice = ConsentCookie([SECRET.encode()]).load(cookie.partition("=")[2])
    assert choice is not None
    return subject_tag(tag_key(TAG_KEY.encode()), choice.id).hex()


async def read(url: str, folder: Path) -> list[Entry]:
    """The record after the daily round, should no gateway have come to it."""
    ledger = open_ledger(url, folder=folder)
    await ledger.purge(RULE)
    await ledger.close()
    await ledger.verify()
    return [entry async for entry in ledger.entries()]


def test_choices_go_on_without_the_database_and_are_recorded_once(postgres: Server, tmp_path: Path) -> None:
    url = postgres.new()
    who = "; ".join(f"{name}={quote(value)}" for name, value in CANARY.items())

    def accept(visitor: Visitor) -> str:
        answer = visitor.post(f"/_choices/choice?q={quote(CANARY['mail'])}", "action=accept&rev=1", Cookie=who)
        assert answer.status == 303
        return answer.cookie()

    def change(visitor: Visitor, cookie: str) -> None:
        assert visitor.post("/_choices/withdraw", "category=marketing", Cookie=f"{cookie}; {who}").status == 303

    with gateways(tmp_path, url) as both, ThreadPoolExecutor(16) as crowd:
        before = list(crowd.map(accept, both.visitors * 20))
        postgres.stop()
        try:
            during = list(crowd.map(accept, both.visitors * 40))
            list(crowd.map(change, both.visitors * 20, before))
            assert both.visitors[0].get(Cookie=before[0]).status == 200
            assert both.visitors[0].post("/_choices/erase", json.dumps({}), Cookie=during[0]).status == 200
            both.end(signal.SIGKILL)
        finally:
            postgres.start()
        both.start()
        after = list(crowd.map(accept, both.visitors * 5))
        both.end(signal.SIGTERM)
    entries = asyncio.run(read(url, both.folders[0]))
    bodies = [(entry.kind, entry.body) for entry in entries if entry.body]
    found = Counter((kind, str(body["subject_tag"])) for kind, body in bodies if "subject_tag" in body)
    grants = Counter({(Kind.GRANT, tag_of(cookie)): 1 for cookie in (*before, *during[1:], *after)})
    withdrawals = Counter({(Kind.WITHDRAW, tag_of(cookie)): 1 for cookie in before})
    assert found == grants + withdrawals
    assert sum(entry.body is None for entry in entries) == 2
    assert [list((folder / "journal").iterdir()) for folder in both.folders] == [[], []]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    needles = [needle.encode() for needle in (*CANARY.values(), quote(CANARY["name"]), "203.0.113.77")]
    needles += [bytes.fromhex(tag_of(during[0])), tag_of(during[0]).encode()]
    assert [(file.name, needle) for file in files for needle in needles if needle in file.read_bytes()] == []


def test_what_a_gateway_tells_late_is_not_the_visitors_current_choice(postgres: Server, tmp_path: Path) -> None:
    """One gateway ends without the record, the visitor goes on at another, the first one starts again."""
    url, now, shop = postgres.new(), [1_795_000_000.0], Shop()

    @contextmanager
    def gateway(name: str) -> Iterator[Visitor]:
        (tmp_path / name).mkdir(exist_ok=True)
        given = settings(tmp_path / name, database=url, tag_key=Secret(TAG_KEY.encode()))
        with visiting(create_app(given, shop=shop, clock=lambda: now[0])) as visitor:
            yield visitor

    def chosen(visitor: Visitor, path: str, form: str, cookie: str = "") -> str:
        now[0] += 60
        answer = visitor.post(f"/_choices/{path}", form, Cookie=cookie)
        assert answer.status == 303
        return answer.cookie()

    with gateway("two") as two:
        try:
            with gateway("one") as one:
                cookie = chosen(one, "choice", "action=accept&rev=1")
                postgres.stop()
                cookie = chosen(one, "withdraw", "category=marketing", cookie)
        finally:
            postgres.start()
        cookie = chosen(two, "choice", "action=accept&rev=1", cookie)
        with gateway("one") as one:
            assert not list((tmp_path / "one" / "journal").iterdir())
            events = json.loads(one.get("/_choices/me.json", Cookie=cookie).body)["events"]
            assert [event["kind"] for event in events] == ["grant", "withdraw", "change"]
            assert events[1]["seq"] > events[2]["seq"]
            now[0] += 60
            assert one.get("/", Cookie=cookie, Sec_GPC="1").cookie() != cookie
    entries = asyncio.run(read(url, tmp_path / "two"))
    assert [entry.kind for entry in entries if entry.kind in CHOICES] == ["grant", "change", "withdraw", "gpc"]
