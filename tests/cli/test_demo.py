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
