"""Server processes of their own, each on one core, with the CPU time they have used."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
_TICK: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PATIENCE: Final = 30.0
"""Seconds a server may take to start."""


def uvicorn_command(app: str, port: int) -> list[str]:
    """The command for an ASGI application of this folder, with the settings the gateway runs with."""
    options = ["--no-access-log", "--no-server-header", "--no-date-header", "--lifespan", "off"]
    options += ["--timeout-keep-alive", "75"]
    place = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--app-dir", str(HERE)]
    return [sys.executable, "-m", "uvicorn", app, *place, *options]


def gateway_command(upstream: str, port: int) -> list[str]:
    """The command for the gateway in front of `upstream`."""
    return [sys.executable, "-m", "gateway", "serve", "--upstream", upstream, "--port", str(port)]


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def cores() -> tuple[int, int, int]:
    """Cores for contender, shop and load: its own for the contender if there are two, for each if three."""
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return available[0], available[1 % len(available)], available[-1]


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """`command` bound to one core, where the system can."""
    return ["taskset", "-c", str(core), *command] if shutil.which("taskset") else list(command)


def _ticks(pid: str) -> int:
    """Of the process, and of those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _proportional(pid: str) -> float:
    """Kilobytes (of 1000 bytes) in memory; a page that n processes share counts as an n-th."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1.024


class Server:
    """A running server on `core`; listens on `port` once made. Raises RuntimeError if it does not start."""

    def __init__(
        self, command: Sequence[str], port: int, core: int, *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        paths = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / f"server-{port}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                pinned(core, command), cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait()

    @property
    def pid(self) -> int:
        """The process's id; `taskset` replaces itself by the server."""
        return self._process.pid

    def cpu_seconds(self) -> float | None:
        """User and system time it and its processes used so far, to 10 ms; None where /proc is missing."""
        try:
            return sum(_ticks(pid) for pid in self._family()) / _TICK
        except OSError:
            return None

    def resident(self) -> float:
        """Megabytes it and its processes hold now, shared pages counted once. Raises OSError where /proc is missing."""
        return sum(_proportional(pid) for pid in self._family()) / 1000

    def descriptors(self) -> int:
        """Open files and sockets of it and its processes. Raises OSError where /proc is missing."""
        return sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in self._family())

    def _family(self) -> list[str]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()
        return [str(self.pid), *children]

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError(f"a server did not start:\n{self._log.read_text('utf-8', 'replace')}")
