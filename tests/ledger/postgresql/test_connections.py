"""Connections that end, hang or were never there: an error in bounded time, and no leftovers."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.postgresql.connections import Connections
from gateway.model.retention import Retention
from gateway.statistics.cell import Cell
from tests.ledger.events import DAY, choice, tag
from tests.postgres import Server
from tests.served import free_port


def test_what_is_written_is_there_and_what_fails_is_not(postgres: Server) -> None:
    url = postgres.new()

    connections = Connections(url)

    async def insert(then: str) -> None:
        async with connections.writing() as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS t (n int)")
            await connection.execute("INSERT INTO t VALUES (1)")
            await connection.fetchval(f"SELECT 1 / {then}")

    async def work() -> list[int]:
        await insert("1")
        with pytest.raises(LedgerUnavailable, match="division by zero"):
            await insert("0")
        async with connections.reading() as connection:
            return [row["n"] for row in await connection.fetch("SELECT n FROM t")]

    assert asyncio.run(work()) == [1]


@pytest.mark.parametrize("opened", [True, False])
def test_reading_sees_one_state_and_cannot_write(postgres: Server, opened: bool) -> None:
    url = postgres.new()
    postgres.execute("CREATE TABLE t (n int)", url=url)

    async def work() -> None:
        connections = Connections(url)
        if opened:
            await connections.open()
            await connections.open()
        async with connections.reading() as reader:
            assert await reader.fetchval("SELECT count(*) FROM t") == 0
            async with connections.writing() as writer:
                await writer.execute("INSERT INTO t VALUES (1)")
            assert await reader.fetchval("SELECT count(*) FROM t") == 0
        with pytest.raises(LedgerUnavailable, match="read-only"):
            async with connections.reading() as reader:
                await reader.execute("INSERT INTO t VALUES (1)")
        async with connections.reading() as reader:
            assert await reader.fetchval("SELECT count(*) FROM t") == 1
        await connections.close()
        await connections.close()

    asyncio.run(work())


def test_whoever_commits_waits_for_the_disk_though_the_server_would_not(postgres: Server) -> None:
    url = postgres.new() + "&synchronous_commit=off"

    async def work() -> str:
        async with Connections(url).writing() as connection:
            return str(await connection.fetchval("SHOW synchronous_commit"))

    assert asyncio.run(work()) == "on"


async def silent(work: Callable[[str], Awaitable[None]]) -> None:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        await work(f"postgresql://user:secret@127.0.0.1:{server.getsockname()[1]}/x?sslmode=disable")


def test_a_server_that_never_answers_is_given_up(postgres: Server) -> None:
    async def work(url: str) -> None:
        connections = Connections(url, patience=0.2)
        for opened in (False, True):
            if opened:
                await connections.open()
            began = time.monotonic()
            with pytest.raises(LedgerUnavailable) as caught:
                async with connections.writing():
                    pass
            assert "secret" not in str(caught.value)
            assert time.monotonic() - began < 60
        await connections.close()

    asyncio.run(silent(work))


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/x", "postgresql://h.invalid/x", "postgresql:"])
def test_no_server_is_unavailable_whatever_the_reason(url: str) -> None:
    async def work() -> None:
        async with Connections(url, patience=2).reading():
            pass

    with pytest.raises(LedgerUnavailable):
        asyncio.run(work())


def test_connections_of_before_a_restart_are_replaced(postgres: Server) -> None:
    url = postgres.new()

    async def count(connections: Connections) -> int:
        async with connections.reading() as connection:
            return int(await connection.fetchval("SELECT 1"))

    async def work() -> None:
        connections = Connections(url)
        await connections.open()
        assert await count(connections) == 1
        await asyncio.to_thread(postgres.stop)
        with pytest.raises(LedgerUnavailable):
            await count(connections)
        await asyncio.to_thread(postgres.start)
        assert await count(connections) == 1
        await connections.close()

    asyncio.run(work())


@pytest.fixture
def pooled(postgres: Server) -> Iterator[str]:
    """A database of its own behind PgBouncer in transaction mode, with two connections for everybody."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("PgBouncer is not installed")
    name = f"d{secrets.token_hex(6)}"
    postgres.execute(f"CREATE DATABASE {name}")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        ini = Path(folder, "pgbouncer.ini")
        ini.write_text(
            f"[databases]\n{name} = host={postgres.folder} dbname={name} user=postgres\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = transaction\n"
            "default_pool_size = 2\nunix_socket_dir =\n"
        )
        owner = {"user": postgres.folder.owner()} if os.geteuid() == 0 else {}
        process = subprocess.Popen([program, "-q", str(ini)], stderr=subprocess.DEVNULL, **owner)  # type: ignore[call-overload]
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable"
        finally:
            process.terminate()
            process.wait()
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_pooler_in_transaction_mode_may_stand_in_between(pooled: str, tmp_path: Path) -> None:
    async def work() -> None:
        gateways = [open_ledger(pooled, lambda: DAY * 86_400.0, tmp_path / str(n)) for n in range(3)]
        for _ in range(600):
            with suppress(LedgerUnavailable):
                await gateways[0].open()
                break
            await asyncio.sleep(0.1)
        for gateway in gateways[1:]:
            await gateway.open()
        everybody = [gateway.append(choice(n)) for n in range(100) for gateway in gateways]
        readers = [gateway.verify() for gateway in gateways]
        await asyncio.gather(*everybody, *readers)
        tallies = open_tallies(pooled)
        await asyncio.gather(*(tallies.add([(DAY, Cell("shown"), 1)]) for _ in range(5)))
        assert await tallies.days([""]) == {DAY: {Cell("shown"): 5}}
        for number in range(5):
            await gateways[number % 3].erase(tag(number))
        assert (await gateways[1].purge(Retention(years=5))).erased == 15
        assert (await gateways[2].verify())[0] == 301
        for gateway in gateways:
            await gateway.close()

    asyncio.run(work())
