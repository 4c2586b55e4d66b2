"""The gateway as a process of its own: uvicorn in front of the shop at `upstream`."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

from gateway.app import create_app, say_what_is_missing
from gateway.config.settings import Settings
from gateway.errors import ConfigError, Problem
from gateway.observability import logs

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


def serve(settings: Settings, host: str, port: int, workers: int = 1) -> None:
    """Run the gateway until it is told to stop.

    Raises ConfigError for more than one worker: the record has one writer, counters live in one process.
    """
    if workers > 1:
        raise ConfigError([Problem("--workers", workers, "1: the consent record has one writer")])
    logs.configure()
    say_what_is_missing(settings)
    app = create_app(settings)
    uvicorn.run(app, host=host, port=port, **SERVER)
