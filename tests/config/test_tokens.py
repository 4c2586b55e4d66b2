"""Tokens of staff are shown once and kept as hashes."""

from __future__ import annotations

import hmac
import inspect
from pathlib import Path

import pytest

from gateway.config.tokens import ROLES, Tokens


def test_a_token_is_found_by_its_text_alone(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    text = tokens.new("ops")
    found = tokens.find(text)
    assert found is not None
    assert found.role == "ops"
    assert found == tokens.all()[0]
    for other in (text[:-1], text + "x", text.upper(), "", "cg_ops_", found.sha256, "\udcff", "é"):
        assert tokens.find(other) is None


def test_only_hashes_are_kept_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    text = Tokens(folder).new("marketing")
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert text not in file.read_text()
    assert text.removeprefix("cg_marketing_") not in file.read_text()


def test_a_running_gateway_learns_of_new_and_revoked_tokens(tmp_path: Path) -> None:
    running, shell = Tokens(tmp_path), Tokens(tmp_path)
    one, two = shell.new("officer"), shell.new("officer")
    assert running.find(one)
    found = running.find(one)
    assert found is not None
    assert shell.revoke(found.id)
    assert not shell.revoke(found.id)
    assert running.find(one) is None
    assert running.find(two)


def test_a_damaged_file_is_an_error_and_lets_nobody_in(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    text = tokens.new("ops")
    (tmp_path / "tokens.json").write_text("[{")
    with pytest.raises(ValueError, match=r"tokens\.json"):
        tokens.find(text)


def test_hashes_are_compared_in_constant_time() -> None:
    assert "hmac.compare_digest" in inspect.getsource(Tokens.find)
    assert hmac.compare_digest("a", "a")


def test_there_are_three_roles() -> None:
    assert ROLES == ("marketing", "officer", "ops")
