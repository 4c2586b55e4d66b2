"""Several servers on the loopback interface, in one event loop, stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn

from gateway.types import ASGIApp

ADDRESS = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that leaves signals to `serve_all`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    """A socket listening on `port` of this machine only; 0 picks one. OSError when it is taken."""
    taken = socket.socket()
    # Elsewhere this frees a port just left; on Windows it would let two servers share one.
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(os.name == "posix"))
    try:
        taken.bind((ADDRESS, port))
        taken.listen(128)
    except OSError:
        taken.close()
        raise
    return taken


def listen_from(port: int, tries: int = 100) -> socket.socket:
    """The first free port from `port` on; OSError when none of `tries` is."""
    for candidate in range(port, min(port + tries, 65536)):
        with contextlib.suppress(OSError):
            return listen(candidate)
    raise OSError(f"no free port from {port} on")


async def serve_all(apps: Sequence[tuple[ASGIApp, socket.socket]], stop: asyncio.Event) -> bool:
    """Serve every application on its socket until `stop` is set or Ctrl-C; False if one could not start."""
    servers = [_server(app) for app, _ in apps]
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(name, stop.set)
    tasks = [
        asyncio.create_task(_serve(server, listening))
        for server, (_, listening) in zip(servers, apps, strict=True)
    ]
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for server in servers:
            server.should_exit = True
        stopped.cancel()
        await asyncio.gather(*tasks)
    return all(server.started for server in servers)


async def _serve(server: _Server, listening: socket.socket) -> None:
    try:
        await server.serve(sockets=[listening])
    except SystemExit:  # how uvicorn says that the application did not start
        server.started = False
    finally:
        listening.close()


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=2, ws="none")
    )
