"""A gateway served by processes of its own, and visitors who come without a pause."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
_NAMED: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on.

    It lies below those that outgoing connections and port 0 are given, and is named once: until its owner comes, and
    while that is away, nobody else takes it.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        if port not in _NAMED:
            with suppress(OSError), socket.create_server(("127.0.0.1", port)):
                _NAMED.add(port)
                return port


def contents(folder: Path, without: str = "") -> dict[Path, bytes]:
    """Every file below, but for those in folders of that name.

    Of a folder that somebody works in, files go while it is read: they are not there then.
    """
    found: dict[Path, bytes] = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != without]
        for file in (Path(place, name) for name in files):
            with suppress(FileNotFoundError):
                found |= {file: file.read_bytes()} if file.is_file() else {}
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The ids of a process's own processes."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def kill(process: subprocess.Popen[bytes]) -> None:
    """A gateway with all its processes, as a machine that fails; returns once none is left."""
    pids = [process.pid, *children(process.pid)]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(PATIENCE)
    wait_until(lambda: not any(lives(pid) for pid in pids))


def lives(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody asked about yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Served:
    """`serve` with its configuration file, data and log in `folder`."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.port = port
        self.process = process

    @property
    def config(self) -> Path:
        return self.folder / "gateway.toml"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def workers(self) -> list[int]:
        return children(self.process.pid)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"Connection": "close", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def choose(self, action: str, cookie: str = "") -> tuple[int, str]:
        """The status, and the cookie that is set."""
        body = json.dumps({"action": action, "rev": 1, "surface": "banner", "locale": "en"})
        headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", "Cookie": cookie}
        status, answer, _ = self.ask("/_choices/choice", "POST", body, headers)
        return status, (answer.get("Set-Cookie") or "").partition(";")[0]

    def state(self, cookie: str) -> dict[str, object]:
        _, _, body = self.ask("/_choices/state", headers={"Cookie": cookie})
        found: dict[str, object] = json.loads(body)
        return found

    def metric(self, name: str) -> float:
        """The sum over its labels."""
        _, _, body = self.ask("/_choices/metrics")
        lines = body.decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"consent_gateway_{name}"))


@contextmanager
def served(folder: Path, upstream: int, workers: int, **environment: str) -> Iterator[Served]:
    """Ready, with all its processes."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    (folder / "gateway.toml").touch()
    command = [sys.executable, "-m", "gateway", "serve", "--upstream", f"http://127.0.0.1:{upstream}"]
    command += ["--port", str(port), "--workers", str(workers), "--config", "gateway.toml"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_GATEWAY")}
    env = {**kept, "CONSENT_GATEWAY_DATA": str(folder / "data"), "PYTHONPATH": str(ROOT), **environment}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stderr=log)
        one = Served(folder, port, process)
        try:
            wait_until(lambda: process.poll() is not None or one.log.count("startup complete") >= workers)
            yield one
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(PATIENCE)


class Crowd:
    """Visitors who come one after the other; each asks once, and a second time unless told to go."""

    def __init__(self, port: int, number: int = 4) -> None:
        self.outcomes: Counter[str] = Counter()
        self._port = port
        self._going = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(number)]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._going.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            try:
                for _ in range(2):
                    connection.request("GET", "/")
                    answer = connection.getresponse()
                    whole = b"</html>" in answer.read()
                    self.outcomes[f"{answer.status}{'' if whole else ' cut'}"] += 1
                    if answer.will_close:
                        break
            except (OSError, http.client.HTTPException) as error:
                self.outcomes[type(error).__name__] += 1
            finally:
                connection.close()
