"""Three gateways on one PostgreSQL record behind the shipped nginx, each part of which can go and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gateway.types import Receive, Scope, Send
from tests.end_to_end.test_canary import wait_for
from tests.nginx.site import PAGE, ROOT, Site, front
from tests.nginx.site import Shop as NginxShop
from tests.nginx.site import wait_for as wait_for_listener
from tests.postgres import Server
from tests.proxy.servers import serve as running
from tests.served import free_port, kill

SECRET, TAG_KEY = "s" * 32, "t" * 32


class Shop:
    """Answers every path with the same tracked page; knows which cookies came with which path."""

    def __init__(self) -> None:
        self.cookies: defaultdict[str, list[str]] = defaultdict(list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        line = "; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
        self.cookies[scope["path"]].append(line)
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"set-cookie", b"_ga=1; Path=/")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE})


class Gateway:
    """One process with a port and a data folder of its own that stay when it is killed and started again."""

    def __init__(self, folder: Path, shop: int, database: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_port()
        self.killed: list[float] = []
        self._configuration = folder / "gateway.toml"
        self._configuration.write_text(f'upstream = "http://127.0.0.1:{shop}"\ntrusted_proxies = ["127.0.0.1"]\n')
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_GATEWAY")},
            "CONSENT_GATEWAY_DATA": str(folder),
            "CONSENT_GATEWAY_DATABASE": database,
            "CONSENT_GATEWAY_SECRET": SECRET,
            "CONSENT_GATEWAY_TAG_KEY": TAG_KEY,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it is ready."""
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(self._configuration)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)], env=self._environment, cwd=ROOT, stdout=log, stderr=log
            )
        wait_for_listener(self.port, self._process, self.folder / "log")
        wait_for(self.port)

    def end(self, how: int = signal.SIGTERM) -> None:
        """Returns once it is gone."""
        if self._process is not None:
            if how == signal.SIGKILL:
                self.killed.append(time.monotonic())
                kill(self._process)
            else:
                self._process.send_signal(how)
                self._process.wait(60)
            self._process = None


class Cluster:
    """All of it: `url` is the record."""

    def __init__(self, site: Site, shop: Shop, gateways: list[Gateway], postgres: Server, url: str) -> None:
        self.site, self.shop, self.gateways, self.postgres, self.url = site, shop, gateways, postgres, url

    @property
    def killed(self) -> list[float]:
        """When gateways were killed, by the monotonic clock."""
        return [moment for gateway in self.gateways for moment in gateway.killed]

    def reload(self) -> None:
        """New workers of nginx; the old ones finish what they have."""
        os.kill(int((self.site.folder / "pid").read_text()), signal.SIGHUP)


@contextmanager
def cluster(folder: Path, postgres: Server, gateways: int = 3) -> Iterator[Cluster]:
    """Everything runs, in `folder`; nothing of it afterwards."""
    shop, url = Shop(), postgres.new()
    with ExitStack() as stack:
        behind = stack.enter_context(running(shop))
        started = [Gateway(folder / f"gateway{number}", behind, url) for number in range(gateways)]
        for gateway in started:
            stack.callback(gateway.end, signal.SIGKILL)
        with ThreadPoolExecutor() as threads:
            list(threads.map(Gateway.start, started))
        site = stack.enter_context(front(folder, [gateway.port for gateway in started], NginxShop(), behind))
        yield Cluster(site, shop, started, postgres, url)
