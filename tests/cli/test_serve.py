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


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        pytest.param('role = "processor"', "services[0].contract", id="no contract"),
        pytest.param('contract = "1"\nregions = ["US"]', "services[0].regions", id="beyond the policy's regions"),
        pytest.param('code = "other"', "services[0].code", id="no such purpose"),
        pytest.param(
            'exempt_until = 2027-01-01\nexempt_reason = "x"\ndate = 2026-11-01', "services[0].exempt_until", id="exempt"
        ),
    ],
)
def test_an_entry_at_fault_is_exit_code_2(
    tmp_path: Path, entry: str, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(f'[[services]]\nid = "google-analytics"\n{entry}\n', "utf-8")
    assert main(["serve", "--upstream", "http://shop", "--config", str(file)]) == 2
    assert key in capsys.readouterr().err
