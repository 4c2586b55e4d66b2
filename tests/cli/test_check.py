"""`check`: every problem, one a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONSENT_GATEWAY_SECRET", raising=False)


def test_without_a_file_the_defaults_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "No file, all defaults: no problems\n"


def test_gateway_toml_in_the_current_folder_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text("")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "gateway.toml: no problems\n"


def test_every_problem_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("faulty.toml").write_text('mode = "x"\nprefix = "x"\n[[services]]\nid = "gogle-analytics"\n')
    assert main(["check", "--config", "faulty.toml"]) == 1
    captured = capsys.readouterr()
    assert [line.split(" =")[0] for line in captured.out.splitlines()] == ["mode", "prefix", "services[0].id"]
    assert "google-analytics" in captured.out
    assert captured.err == "3 problems\n"


def test_one_problem_is_singular(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text("dnt = 1")
    assert main(["check"]) == 1
    assert capsys.readouterr().err == "1 problem\n"


def test_a_short_secret_is_a_problem_and_is_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSENT_GATEWAY_SECRET", "correct-horse")
    assert main(["check"]) == 1
    captured = capsys.readouterr()
    assert "CONSENT_GATEWAY_SECRET = ********" in captured.out
    assert "horse" not in captured.out + captured.err


def test_report_mode_is_warned_about(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gateway.toml").write_text('mode = "report"')
    assert main(["check"]) == 0
    assert "changes nothing and only counts" in capsys.readouterr().out
