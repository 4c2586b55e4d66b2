"""Everything the demo runs, put together: a shop twice, its trackers, the gateway, the live page."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.config.settings import Controller, Policy, Settings
from gateway.demo.live import Live
from gateway.demo.record import Record
from gateway.demo.servers import listen_from
from gateway.demo.shop import Shop
from gateway.demo.sink import Sink
from gateway.demo.tags import Tags
from gateway.demo.trackers import TRACKERS
from gateway.types import ASGIApp

Gateway = Callable[[Settings, ASGIApp], ASGIApp]
"""Puts the gateway in front of a shop."""


@dataclass(slots=True)
class Side:
    """A shop with its trackers, and the record of both."""

    record: Record
    shop: ASGIApp
    sink: ASGIApp

    @classmethod
    def tracked_on(cls, port: int) -> Side:
        """A side whose trackers listen on `port`."""
        record = Record()
        return cls(record, Shop(Tags(port), record).app(), Sink(record).app())


class Town:
    """The demo's five servers. The first listens on the given socket, the others on the next free ports."""

    def __init__(self, front: socket.socket, folder: Path, gateway: Gateway) -> None:
        port = front.getsockname()[1]
        sockets = [front]
        while len(sockets) < 5:
            sockets.append(listen_from(max(listening.getsockname()[1] for listening in sockets) + 1))
        ports = [listening.getsockname()[1] for listening in sockets]
        self.guarded, self.bare = Side.tracked_on(ports[1]), Side.tracked_on(ports[3])
        # Cookies do not tell ports apart, host names they do: so the two shops do not share a visitor.
        self.shop_url = f"http://localhost:{port}/"
        self.bare_url = f"http://127.0.0.1:{ports[2]}/"
        self.dashboard_url = f"{self.shop_url}_choices/dashboard"
        self.live_url = f"http://127.0.0.1:{ports[4]}/"
        live = Live(self.guarded.record, self.bare.record, (self.shop_url, self.bare_url))
        apps = [
            gateway(demo_settings(folder), self.guarded.shop),
            self.guarded.sink,
            self.bare.shop,
            self.bare.sink,
            live.app(),
        ]
        self.apps = list(zip(apps, sockets, strict=True))


def demo_settings(folder: Path) -> Settings:
    """The configuration of the demo's gateway; everything it keeps goes into `folder`."""
    return Settings(
        controller=Controller(name="山目選物", contact="hello@sanmu.example"),
        policy=Policy(date="2026-11-01"),
        services=tuple(tracker.entry() for tracker in TRACKERS),
        untouched_paths=("/pay/",),
        folder=folder,
        data=str(folder),
        database=f"sqlite:///{folder / 'ledger.sqlite'}",
    )
