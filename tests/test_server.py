"""The gateway as a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.settings import Settings
from gateway.errors import ConfigError
from gateway.server import serve


def test_several_processes_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="workers"):
        serve(Settings(folder=tmp_path, upstream="http://127.0.0.1:1"), "127.0.0.1", 0, workers=2)
