"""The files an operator starts from: the unit, the container, the backup."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.proxy.upstream import Limits
from gateway.server import SERVER
from tests.nginx.site import Shop, gateway
from tests.proxy.servers import serve as running

ROOT = Path(__file__).parent.parent
RUNNING = ROOT / "docs" / "running"
UNIT = (RUNNING / "consent-gateway.service").read_text("utf-8")
CONTAINER = (RUNNING / "Containerfile").read_text("utf-8")


def setting(name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT, re.M)
    return str(value)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on the path")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "consent-gateway.service"
    unit.write_text(UNIT.replace("/opt/consent-gateway/bin/consent-gateway", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_gives_more_time_and_more_sockets_than_the_gateway_takes() -> None:
    limits = Limits()
    assert int(setting("TimeoutStopSec")) > SERVER["timeout_graceful_shutdown"]
    assert int(setting("LimitNOFILE")) > 2 * (limits.connections + limits.waiting + limits.websockets) + 1024


COMMANDS = [setting("ExecStart").split()[1:], *map(json.loads, re.findall(r"^CMD (.*)$", CONTAINER, re.M))]


@pytest.mark.parametrize("command", COMMANDS, ids=["unit", "container"])
def test_what_is_started_is_a_command_there_is(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('upstream = "no address"')
    assert main([str(file) if part.endswith(".toml") else part for part in command]) == 2
    assert "upstream = 'no address'" in capsys.readouterr().err


def test_the_container_runs_as_nobody_in_particular_and_copies_what_there_is() -> None:
    last = CONTAINER.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (\d+)$", last, re.M) == ["10001"]
    for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINER, re.M):
        assert all((ROOT / name).exists() for name in line.split()[:-1]), line
    assert "/_choices/health/live" in last


def test_a_backup_of_a_gateway_at_work_is_a_whole_record(tmp_path: Path) -> None:
    data, copies, restored = tmp_path / "gateway", tmp_path / "copies", tmp_path / "restored"
    restored.mkdir()
    copies.mkdir()
    stop = threading.Event()
    with running(Shop()) as shop, gateway(data, shop, CONSENT_GATEWAY_LIMITS="off") as (port, _):

        def choose() -> None:
            while not stop.is_set():
                body = b"action=accept&rev=1"
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_choices/choice", body, 30).close()

        visitors = [threading.Thread(target=choose) for _ in range(3)]
        for visitor in visitors:
            visitor.start()
        old = copies / "2020-01-01-ledger-bodies.sqlite"
        old.touch()
        os.utime(old, (time.time() - 30 * 86_400,) * 2)
        for _ in range(3):
            subprocess.run([sys.executable, str(RUNNING / "backup"), str(data), str(copies)], check=True)
        stop.set()
        for visitor in visitors:
            visitor.join()
    assert not old.exists()
    # At midnight there are two pairs.
    chain, bodies = (max(copies.glob(f"????-??-??-{name}.sqlite")) for name in ("ledger", "ledger-bodies"))
    assert {file.stat().st_mode & 0o777 for file in (chain, bodies)} == {0o600}
    chain.rename(restored / "ledger.sqlite")
    bodies.rename(restored / "ledger-bodies.sqlite")
    environment = {**os.environ, "CONSENT_GATEWAY_DATA": str(restored)}
    command = [sys.executable, "-m", "gateway", "ledger", "verify"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) entries", done.stdout)[0]) > 3
