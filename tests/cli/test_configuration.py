"""Where the commands find their configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.configuration import config_path, settings_for
from gateway.errors import ConfigError


def test_the_file_given_wins_over_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config_path(None) is None
    Path("gateway.toml").write_text('language = "en"\n', "utf-8")
    assert config_path(None) == Path("gateway.toml")
    assert config_path(Path("other.toml")) == Path("other.toml")
    assert settings_for(None).language == "en"


def test_what_is_asked_on_the_command_line_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gateway.toml").write_text('upstream = "http://a.test"\n', "utf-8")
    assert settings_for(None, {"upstream": "http://b.test"}).upstream == "http://b.test"


def test_a_service_nobody_knows_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gateway.toml").write_text('[[services]]\nid = "gogle-analytics"\n', "utf-8")
    with pytest.raises(ConfigError, match="google-analytics"):
        settings_for(None)
