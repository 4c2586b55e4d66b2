"""The gateway as a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvicorn

from gateway.config.settings import Settings
from gateway.connection import Connection
from gateway.errors import ConfigError
from gateway.server import SERVER, serve


def test_several_processes_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="workers"):
        serve(Settings(folder=tmp_path, upstream="http://127.0.0.1:1"), "127.0.0.1", 0, workers=2)


def test_connections_have_bounds() -> None:
    config = uvicorn.Config("gateway.app:create_app", **SERVER)
    config.load()
    assert config.http_protocol_class is Connection
