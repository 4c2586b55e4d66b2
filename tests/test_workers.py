"""Real processes at one socket: what happens to them is not felt by visitors."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from gateway.ledger import open_ledger, open_tallies
from gateway.model.entry import Kind
from gateway.statistics.cell import Cell
from gateway.types import Receive, Scope, Send
from tests.proxy.servers import serve
from tests.served import Crowd, Served, lives, served, wait_until

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes in Linux's /proc"),
    pytest.mark.timeout(300),  # many processes are started
]

PAGE = b"""<!doctype html><html lang="en"><head><title>shop</title>
<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script></head><body><p>goods</p></body></html>"""


class Shop:
    """Answers with a page; to `/slow`, which was asked for `waiting` times, only when told to go on."""

    def __init__(self) -> None:
        self.waiting = 0
        self.go_on = Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        if scope["path"] == "/slow":
            self.waiting += 1
            await asyncio.to_thread(self.go_on.wait, 60)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": PAGE})


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


@pytest.fixture
def slow(shop: Shop) -> Shop:
    """The shop, which nobody has asked for `/slow` yet."""
    shop.waiting = 0
    shop.go_on.clear()
    return shop


@pytest.fixture(scope="module")
def upstream(shop: Shop) -> Iterator[int]:
    with serve(shop, lifespan="off") as port:
        yield port


def renewed(one: Served) -> None:
    """SIGHUP, and all processes are others."""
    before = set(one.workers())
    one.signal(signal.SIGHUP)
    wait_until(lambda: before.isdisjoint(one.workers()) and len(one.workers()) == len(before))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_reload_under_load_is_not_felt(tmp_path: Path, upstream: int, workers: int) -> None:
    with served(tmp_path, upstream, workers) as one:
        assert len(one.workers()) == workers
        with Crowd(one.port) as crowd:
            for _ in range(2):
                renewed(one)
        assert crowd.outcomes.keys() == {"200"}
        assert crowd.outcomes["200"] > 20


def test_a_process_that_is_killed_is_replaced_and_only_its_own_connections_are_cut(
    tmp_path: Path, upstream: int
) -> None:
    with served(tmp_path, upstream, 2) as one:
        with Crowd(one.port, 3) as crowd:
            for _ in range(2):
                victim = one.workers()[0]
                os.kill(victim, signal.SIGKILL)
                wait_until(lambda victim=victim: victim not in one.workers() and len(one.workers()) == 2)  # type: ignore[misc]
            time.sleep(1)
        failed = sum(number for outcome, number in crowd.outcomes.items() if outcome != "200")
        assert failed <= 2 * 3
        assert crowd.outcomes["200"] > 20
        assert "a process died and is replaced" in one.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_cuts_no_request_and_loses_no_event(
    tmp_path: Path, upstream: int, slow: Shop, number: signal.Signals
) -> None:
    statuses: list[int] = []
    with served(tmp_path, upstream, 2) as one:
        for _ in range(6):
            one.ask("/")
            assert one.choose("refuse")[0] == 200
        ended = asyncio.run(_ask_while(one, slow, number, statuses))
    assert ended == 0
    assert statuses == [200] * 4
    url = f"sqlite:///{tmp_path / 'data' / 'ledger.sqlite'}"
    # The slow pages were displays too: what had not been written was written at the end.
    assert tallied(url) == {
        Cell("shown"): 10,
        Cell("refuse_all"): 6,
        **{Cell(f"refused:{name}"): 6 for name in ("preferences", "statistics", "marketing")},
    }
    assert asyncio.run(open_ledger(url).verify())[0] > 6


def tallied(url: str) -> Counter[Cell]:
    """The counters of all days: midnight may come at any time."""
    days = asyncio.run(open_tallies(url).days([""]))
    return sum((Counter(cells) for cells in days.values()), Counter[Cell]())


async def _ask_while(one: Served, shop: Shop, number: signal.Signals, statuses: list[int]) -> int:
    asked = [asyncio.create_task(asyncio.to_thread(one.ask, "/slow")) for _ in range(4)]
    await asyncio.to_thread(wait_until, lambda: shop.waiting == 4)
    one.signal(number)
    await asyncio.to_thread(wait_until, lambda: not _connects(one.port))
    shop.go_on.set()
    for answer in await asyncio.gather(*asked):
        statuses.append(answer[0])
        assert PAGE[-7:] in answer[2]
    return await asyncio.to_thread(one.process.wait, 60)


def test_while_it_ends_nobody_new_is_kept_waiting(tmp_path: Path, upstream: int, slow: Shop) -> None:
    """A connection that is taken and not answered cannot be tried again elsewhere, least of all with a POST."""
    with served(tmp_path, upstream, 2) as one:
        asking = Thread(target=one.ask, args=("/slow",))
        asking.start()
        wait_until(lambda: slow.waiting == 1)
        one.signal(signal.SIGTERM)
        wait_until(lambda: not _connects(one.port))
        assert asking.is_alive(), "refused only when it was over"
        slow.go_on.set()
        asking.join()
        assert one.process.wait(60) == 0


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 30).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_faulty_configuration_changes_nothing_and_each_fault_is_logged(tmp_path: Path, upstream: int) -> None:
    with served(tmp_path, upstream, 2) as one:
        before = one.workers()
        one.config.write_text('prefix = "choices"\nmode = "maybe"\n', "utf-8")
        one.signal(signal.SIGHUP)
        wait_until(lambda: "the configuration stays as it was" in one.log)
        assert "configuration: prefix = 'choices'" in one.log
        assert "configuration: mode = 'maybe'" in one.log
        assert one.workers() == before
        one.config.write_text('prefix = "/_other"\n', "utf-8")
        renewed(one)
        assert one.ask("/_other/state")[0] == 200


def test_a_configuration_that_cannot_be_served_leaves_the_old_processes(tmp_path: Path, upstream: int) -> None:
    with served(tmp_path, upstream, 2) as one:
        before = one.workers()
        (tmp_path / "data" / "tag.key").write_bytes(bytes(32))  # not the one the record was begun with
        one.signal(signal.SIGHUP)
        wait_until(lambda: "cannot be served, the old one stays" in one.log)
        assert one.workers() == before
        assert one.ask("/")[0] == 200


def test_without_their_parent_processes_end(tmp_path: Path, upstream: int) -> None:
    with served(tmp_path, upstream, 2) as one:
        workers = one.workers()
        one.process.kill()
        wait_until(lambda: not any(map(lives, workers)))


def test_counts_add_up_over_processes_also_of_those_that_are_gone(tmp_path: Path, upstream: int) -> None:
    def told() -> int:
        """What the processes have written down of it, which a kill does not undo."""
        files = [json.loads(file.read_text("utf-8")) for file in tmp_path.glob("consent-gateway-*/*.json")]
        return sum(number for known in files for _, _, number in known["enforced"])

    with served(tmp_path, upstream, 2, TMPDIR=str(tmp_path)) as one:
        for _ in range(20):
            one.ask("/")
        wait_until(lambda: one.metric("enforced_total") == one.metric('enforced_total{what="script"') == 20)
        renewed(one)
        for _ in range(10):
            one.ask("/")
        wait_until(lambda: one.metric("enforced_total") == 30)
        wait_until(lambda: told() == 30)
        os.kill(one.workers()[0], signal.SIGKILL)
        wait_until(lambda: len(one.workers()) == 2)
        assert one.metric("enforced_total") == 30
        assert one.metric("record_up") == 1


def test_a_new_key_that_is_known_before_it_signs_signs_nobody_out(tmp_path: Path, upstream: int) -> None:
    old, new = "o" * 32, "n" * 32
    secret = tmp_path / "secret"
    secret.write_text(f"{old}\n", "utf-8")
    with served(tmp_path, upstream, 2, CONSENT_GATEWAY_SECRET_FILE=str(secret)) as one:
        status, before = one.choose("accept")
        assert status == 200
        secret.write_text(f"{new}\n{old}\n", "utf-8")
        renewed(one)
        _, between = one.choose("accept")
        secret.write_text(f"{old}\n{new}\n", "utf-8")
        renewed(one)
        _, after = one.choose("accept")
        for cookie in (before, between, after):
            assert [one.state(cookie)["source"] for _ in range(4)] == ["choice"] * 4
        secret.write_text(f"{new}\n", "utf-8")
        renewed(one)
        assert [one.state(cookie)["source"] for cookie in (before, between, after)] == ["none", "none", "choice"]


def test_of_several_processes_one_makes_the_rounds_and_another_takes_over(tmp_path: Path, upstream: int) -> None:
    with served(tmp_path, upstream, 3) as one:
        holder = wait_for_holder(tmp_path / "data" / "rounds.lock", one)
        os.kill(holder, signal.SIGKILL)
        wait_until(lambda: holder not in one.workers())
        assert wait_for_holder(tmp_path / "data" / "rounds.lock", one) != holder
        url = f"sqlite:///{tmp_path / 'data' / 'ledger.sqlite'}"
        wait_until(lambda: {Kind.ANCHOR, Kind.CONFIG} <= asyncio.run(_kinds(url)).keys())
    kinds = asyncio.run(_kinds(url))
    assert (kinds[Kind.ANCHOR], kinds[Kind.CONFIG]) == (1, 1)


def wait_for_holder(lock: Path, one: Served) -> int:
    """The process that holds it (proc(5), locks)."""
    found: list[int] = []

    def held() -> bool:
        if not lock.exists():
            return False
        inode = lock.stat().st_ino
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}") and int(fields[4]) in one.workers():
                found.append(int(fields[4]))
        return bool(found)

    wait_until(held)
    return found[-1]


async def _kinds(url: str) -> Counter[Kind]:
    return Counter([entry.kind async for entry in open_ledger(url).entries()])


def test_a_signal_at_several_processes_is_recorded_once(tmp_path: Path, upstream: int) -> None:
    url = f"sqlite:///{tmp_path / 'data' / 'ledger.sqlite'}"

    async def signalled(cookie: str) -> None:
        headers = {"Cookie": cookie, "Sec-GPC": "1"}
        await asyncio.gather(*(asyncio.to_thread(one.ask, "/", headers=headers) for _ in range(12)))

    with served(tmp_path, upstream, 3) as one:
        cookies = [one.choose("accept")[1] for _ in range(5)]
        for cookie in cookies:
            asyncio.run(signalled(cookie))
    assert tallied(url)[Cell("gpc")] == len(cookies)
