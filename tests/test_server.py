"""The gateway as processes of its own: the address it takes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import uvicorn

from gateway.config.settings import Settings
from gateway.connection import Connection
from gateway.errors import ConfigError
from gateway.server import SERVER, serve


def test_connections_have_bounds() -> None:
    config = uvicorn.Config("gateway.app:create_app", **SERVER)
    config.load()
    assert config.http_protocol_class is Connection


@pytest.mark.parametrize("host", ["127.0.0.1", "no such host"])
def test_an_address_that_cannot_be_taken_is_named(tmp_path: Path, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--host, --port = '{host}:{port}': expected an address that is free"):
            serve(Settings(folder=tmp_path, upstream="http://127.0.0.1:1"), host, port, workers=2)
