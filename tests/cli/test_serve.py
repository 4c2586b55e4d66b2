"""`serve` refuses to start on a configuration it cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        pytest.param([], "upstream", id="no upstream"),
        pytest.param(["--upstream", "shop"], "upstream = 'shop'", id="upstream is no URL"),
        pytest.param(["--upstream", "http://shop", "--port", "70000"], "70000", id="port too high"),
        pytest.param(["--upstream", "http://shop", "--workers", "0"], "0", id="no workers"),
    ],
)
def test_a_faulty_start_is_exit_code_2(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *argv]) == 2
    assert said in capsys.readouterr().err


def test_a_short_secret_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONSENT_GATEWAY_SECRET", "correct-horse")
    assert main(["serve", "--upstream", "http://shop"]) == 2
    assert "horse" not in capsys.readouterr().err
