"""The record in PostgreSQL: durable, tamper-evident, one for several gateways, well again as soon as the server is."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import ChainBroken, ConfigError, LedgerUnavailable
from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.base import Ledger
from gateway.ledger.postgresql.ledger import PostgresLedger
from gateway.model.entry import Event, Kind, canonical_json
from tests.ledger.events import DAY, choice
from tests.ledger.test_base import Record
from tests.ledger.test_sqlite import changed
from tests.postgres import Server


@pytest.fixture
def record(postgres: Server, tmp_path: Path) -> Record:
    return Record(postgres.new(), tmp_path / "data")


ZERO = "decode(repeat('00', 32), 'hex')"
TAMPERING = {
    "number": ("UPDATE chain SET seq = 9 WHERE seq = 2", 2),
    "head": (f"UPDATE chain SET head = {ZERO} WHERE seq = 2", 2),
    "first row deleted": ("DELETE FROM chain WHERE seq = 1", 1),
    "chain day": ("UPDATE chain SET day = '2020-01-01' WHERE seq = 2", 2),
    "chain kind": ("UPDATE chain SET kind = 'refuse' WHERE seq = 2", 2),
    "kind that does not exist": ("UPDATE chain SET kind = 'x' WHERE seq = 2", 2),
    "commitment": (f"UPDATE chain SET commitment = {ZERO} WHERE seq = 2", 2),
    "previous head": (f"UPDATE chain SET prev = {ZERO} WHERE seq = 2", 2),
    "row deleted": ("DELETE FROM chain WHERE seq = 2", 2),
    "body text": ("UPDATE body SET body = replace(body, '\"en\"', '\"zh-Hant\"') WHERE seq = 2", 2),
    "body spaced": ("UPDATE body SET body = replace(body, ':', ': ') WHERE seq = 2", 2),
    "body not JSON": ("UPDATE body SET body = '{' WHERE seq = 2", 2),
    "body not an object": ("UPDATE body SET body = '3' WHERE seq = 2", 2),
    "body moved to another day": ("UPDATE body SET day = '2024-11-01' WHERE seq = 2", 2),
    "salt": (f"UPDATE body SET salt = {ZERO} WHERE seq = 2", 2),
    "body deleted": ("DELETE FROM body WHERE seq = 2", 2),
    "bodies swapped": ("UPDATE body SET seq = -3 WHERE seq = 2; UPDATE body SET seq = 2 WHERE seq = 3", 2),
    "housekeeping": ("UPDATE kept SET body = '{\"n\":9}'", 4),
    "housekeeping gone": ("DELETE FROM kept", 4),
}


@pytest.mark.parametrize(("statement", "seq"), TAMPERING.values(), ids=TAMPERING.keys())
def test_tampering_is_found_at_its_number(record: Record, postgres: Server, statement: str, seq: int) -> None:
    record.append(choice(1), choice(2), choice(3), Event(Kind.ANCHOR, DAY, {}))
    postgres.execute(*statement.split("; "), url=record.url)
    with pytest.raises(ChainBroken) as caught:
        record.verify()
    assert caught.value.seq == seq


@pytest.mark.parametrize("field", sorted(choice().body))
def test_each_field_of_a_body_is_bound_to_the_chain(record: Record, postgres: Server, field: str) -> None:
    record.append(choice(0), choice(1))
    body = canonical_json({**choice(1).body, field: changed(choice(1).body[field])}).decode()
    quoted = body.replace("'", "''")
    postgres.execute(f"UPDATE body SET body = '{quoted}' WHERE seq = 2", url=record.url)
    with pytest.raises(ChainBroken, match="the body or its salt") as caught:
        record.verify()
    assert caught.value.seq == 2


def test_a_cut_tail_shows_only_against_an_anchor(record: Record, postgres: Server) -> None:
    head = record.append(choice(1), choice(2), choice(3))[-1].head
    postgres.execute("DELETE FROM body WHERE seq = 3", "DELETE FROM chain WHERE seq = 3", url=record.url)
    assert record.verify()[0] == 2
    with pytest.raises(ChainBroken, match="anchored head"):
        record.verify(head)


def test_after_kill_9_of_several_gateways_everything_acknowledged_is_there_once(
    record: Record, postgres: Server
) -> None:
    command = [sys.executable, "-m", "tests.ledger.crowd", record.url]
    crowds = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = []
    for number, crowd in enumerate(crowds):
        assert crowd.stdout is not None
        told += [crowd.stdout.readline() for _ in range(200 + 150 * number)]
        crowd.send_signal(signal.SIGKILL)
    for crowd in crowds:
        assert crowd.stdout is not None
        told += crowd.stdout.read().splitlines(keepends=True)
        crowd.stdout.close()
        assert crowd.wait() == -signal.SIGKILL
    lines = [line.split() for line in told if line.endswith("\n")]
    heads = {entry.seq: entry.head.hex() for entry in record.entries()}
    assert len(lines) >= 1050
    assert len({seq for seq, _ in lines}) == len(lines)
    assert all(heads.get(int(seq)) == head for seq, head in lines)
    record.append(choice())
    assert record.verify()[0] == len(heads) + 1


def test_a_server_that_was_away_costs_its_events_and_no_restart(record: Record, postgres: Server) -> None:
    async def work(ledger: Ledger) -> None:
        await ledger.append(choice(1))
        await asyncio.to_thread(postgres.stop)
        try:
            for _ in range(2):
                with pytest.raises(LedgerUnavailable):
                    await ledger.append(choice(2))
            with pytest.raises(LedgerUnavailable):
                await ledger.head()
        finally:
            await asyncio.to_thread(postgres.start)
        assert (await ledger.append(choice(3))).seq == 2
        assert (await ledger.head())[0] == 2

    record.run(work)
    assert record.verify()[0] == 2


def test_a_ledger_that_cannot_be_opened_opens_with_a_later_event(record: Record, postgres: Server) -> None:
    async def whole() -> None:
        ledger = PostgresLedger(record.url, record.folder)
        await asyncio.to_thread(postgres.stop)
        try:
            with pytest.raises(LedgerUnavailable):
                await ledger.open()
            with pytest.raises(LedgerUnavailable):
                await ledger.append(choice())
        finally:
            await asyncio.to_thread(postgres.start)
        assert (await ledger.append(choice())).seq == 1
        await ledger.close()

    asyncio.run(whole())


def test_a_backend_that_is_ended_fails_nobody_after_it(record: Record, postgres: Server) -> None:
    async def work(ledger: Ledger) -> None:
        await ledger.append(choice(1))
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        await asyncio.to_thread(postgres.execute, f"SELECT pg_terminate_backend(pid) {others}")
        results = await asyncio.gather(*(ledger.append(choice(2)) for _ in range(2)), return_exceptions=True)
        assert all(isinstance(result, LedgerUnavailable) for result in results)
        assert (await ledger.append(choice(3))).seq == 2

    record.run(work)


def test_reading_makes_nothing(record: Record, postgres: Server) -> None:
    ledger = PostgresLedger(record.url, record.folder)
    for work in (ledger.head, ledger.verify, lambda: ledger.archive(b"text"), lambda: ledger.remember("a", "b")):
        with pytest.raises(LedgerUnavailable, match="does not exist"):
            asyncio.run(work())
    (rows,) = postgres.execute("SELECT 1 FROM pg_tables WHERE schemaname = current_schema", url=record.url)
    assert rows == []
    assert not record.folder.exists()


def test_a_newer_versions_record_is_left_alone(record: Record, postgres: Server) -> None:
    record.append(choice(1))
    postgres.execute("INSERT INTO migration VALUES ('9999 later')", url=record.url)
    with pytest.raises(LedgerUnavailable, match="newer version: 9999 later"):
        record.append(choice(2))


def test_a_long_record_is_verified_while_others_write(record: Record) -> None:
    async def work(ledger: Ledger) -> None:
        await asyncio.gather(*(ledger.append(choice(number)) for number in range(1200)))
        reading = ledger.entries()
        assert (await anext(reading)).seq == 1
        await ledger.append(choice())
        assert len([entry async for entry in reading]) == 1199

    record.run(work)


def test_an_event_given_up_by_its_sender_does_not_stop_the_others(record: Record) -> None:
    async def work(ledger: Ledger) -> None:
        given_up = [asyncio.create_task(ledger.append(choice(n))) for n in range(3)]
        await asyncio.sleep(0.01)
        for task in given_up:
            task.cancel()
        await ledger.append(choice(9))

    record.run(work)
    record.verify()


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gateway.ledger.postgresql.ledger", "gateway.ledger.postgresql.tallies"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r"consent-gateway\[postgresql\]"):
        open_ledger("postgresql://x/y")
    with pytest.raises(ConfigError, match=r"consent-gateway\[postgresql\]"):
        open_tallies("postgresql://x/y")
