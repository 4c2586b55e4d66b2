"""The gateway as processes of its own: uvicorn in front of the shop at `upstream`."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from gateway.app import create_app, make_keys, say_what_is_missing
from gateway.config.settings import Settings
from gateway.errors import ConfigError, Problem
from gateway.observability import logs
from gateway.observability.siblings import Siblings
from gateway.settling import settle

log = logging.getLogger(__name__)

# What uvicorn runs the gateway with: the shop's own Date and Server headers pass.
SERVER: dict[str, Any] = {
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "date_header": False,
    "proxy_headers": False,
    "http": "gateway.connection:Connection" if sys.platform != "win32" else "auto",
    "lifespan": "on",
    "timeout_keep_alive": 75,
    "timeout_graceful_shutdown": 20,
    "ws": "websockets-sansio",
}
FAREWELL: Final = 1.0
"""Seconds in which connections made before the end may still bring a request."""
_NO_SUCH_FAMILY: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def serve(
    settings: Settings, host: str, port: int, workers: int = 1, reload: Callable[[], Settings] | None = None
) -> int:
    """Run the gateway until it is told to stop; the exit code.

    After SIGHUP it goes on with what `reload` gives, or as it was if that raises ConfigError. Raises ConfigError for
    an address that cannot be listened on.
    """
    logs.configure()
    say_what_is_missing(settings)
    if not hasattr(os, "fork"):
        if workers > 1:
            raise ConfigError([Problem("--workers", workers, "1 on this system")])
        uvicorn.run(create_app(settings), host=host, port=port, **SERVER)
        return 0
    from gateway.workers import Serve, Workers

    sockets = _bound(host, port)
    folder = Path(tempfile.mkdtemp(prefix="consent-gateway-"))

    def serving(settings: Settings) -> Serve:
        # Once, by the parent: all processes sign alike.
        make_keys(settings)

        def run(ready: Callable[[], None], parent: int) -> int:
            app = create_app(settings, siblings=Siblings(workers, folder))
            settle()
            _Server(uvicorn.Config(app, **SERVER), ready, parent).run(sockets)
            return 0

        return run

    def renewed() -> Serve | None:
        if reload is None:
            return None
        try:
            new = reload()
            say_what_is_missing(new)
            return serving(new)
        except ConfigError as error:
            for problem in error.problems:
                log.error("configuration: %s", problem)
        except (OSError, ValueError) as error:
            log.error("configuration: %s", error)
        log.error("the configuration stays as it was")
        return None

    def leave() -> None:
        for listening in sockets:
            listening.close()

    try:
        log.info("listening on port %d, processes: %d", sockets[0].getsockname()[1], workers)
        return Workers(workers, serving(settings), renewed, leave).run()
    finally:
        leave()
        shutil.rmtree(folder, ignore_errors=True)


class _Server(uvicorn.Server):
    """Says when it is `ready`, and stops when `parent`, a pipe's end, says that the parent is gone."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], parent: int) -> None:
        super().__init__(config)
        self._ready = ready
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_reader(self._parent, self._orphaned)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Who has just connected may still ask, and who asks is told to go; then what is idle is closed."""
        for server in self.servers:
            server.close()
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        await asyncio.sleep(FAREWELL)
        await super().shutdown(sockets)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._parent)
        self.should_exit = True


def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of `host`. They listen once the first process is ready."""
    bound: list[socket.socket] = []
    problem = Problem("--host, --port", f"{host}:{port}", "an address that is free")
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listening = socket.socket(family, kind, protocol)
            try:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                if port == 0 and bound:
                    address = (address[0], bound[0].getsockname()[1], *address[2:])
                listening.bind(address)
            except OSError as error:
                listening.close()
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
            else:
                bound.append(listening)
    except OSError as error:
        for listening in bound:
            listening.close()
        raise ConfigError([Problem(problem.key, problem.value, f"{problem.expected} ({error.strerror})")]) from error
    if not bound:
        raise ConfigError([problem])
    return bound
