"""`token new`, `list`, `revoke`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config.tokens import Tokens


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSENT_GATEWAY_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_token_is_printed_once_and_can_be_revoked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "new", "--role", "officer"]) == 0
    text = capsys.readouterr().out.strip()
    found = Tokens(folder).find(text)
    assert found is not None
    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert found.id in listed
    assert "officer" in listed
    assert text not in listed
    assert main(["token", "revoke", found.id]) == 0
    assert Tokens(folder).find(text) is None
    assert main(["token", "revoke", found.id]) == 1


@pytest.mark.parametrize("arguments", [["new"], ["new", "--role", "admin"], ["revoke"], ["what"]])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert main(["token", *arguments]) == 2
