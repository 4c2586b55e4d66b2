"""The command `demo`."""

from __future__ import annotations

import pytest

import gateway.demo
from gateway.cli import main


@pytest.mark.parametrize("code", [0, 1])
def test_the_command_ends_with_the_demos_exit_code(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = []

    def run(port: int) -> int:
        ports.append(port)
        return code

    monkeypatch.setattr(gateway.demo, "run", run)
    assert main(["demo", "--port", "8123"]) == code
    assert ports == [8123]


def test_a_port_that_is_none_is_wrong_usage() -> None:
    assert main(["demo", "--port", "70000"]) == 2


def test_the_preview_is_run_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway.demo, "run_preview", lambda port: 0 if port == 8123 else 1)
    assert main(["demo", "--preview", "--port", "8123"]) == 0
