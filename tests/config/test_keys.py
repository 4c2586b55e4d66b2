"""Secrets that do not print, and a key that every process agrees on."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.config.keys import KEY_FILE, TAG_KEY_FILE, Secret, destroy_keys, folder_key, parse_keys


def test_a_secret_does_not_print() -> None:
    secret = Secret(b"correct horse battery staple")
    for text in (str(secret), repr(secret), f"{secret}", f"{secret!r}", str([secret]), f"{(secret,)}"):
        assert "horse" not in text
        assert "********" in text


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(b"x"))


def test_secrets_compare_by_value() -> None:
    assert Secret(b"x") == Secret(b"x") != Secret(b"y")
    assert Secret(b"x") != b"x"
    assert len({Secret(b"x"), Secret(b"x")}) == 1
    assert len(Secret(b"xy")) == 2


def test_keys_are_separated_by_commas_oldest_first() -> None:
    assert [key.reveal() for key in parse_keys("old , new")] == [b"old", b"new"]
    assert [len(key) for key in parse_keys("old,")] == [3, 0]


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    key = folder_key(folder)
    assert len(key) == 32
    assert folder_key(folder) == key
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == [KEY_FILE]


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    assert folder_key(tmp_path / "a") != folder_key(tmp_path / "b")


def test_a_truncated_key_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(ValueError, match="5 bytes, expected 32"):
        folder_key(tmp_path)


def test_several_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib; from gateway.config.keys import folder_key\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "print(folder_key(pathlib.Path(sys.argv[1])).reveal().hex())"
    )
    start = str(time.time() + 1)
    command = [sys.executable, "-c", program, str(tmp_path / "data"), start]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    keys = {worker.communicate()[0].strip() for worker in workers}
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert [file.name for file in (tmp_path / "data").iterdir()] == [KEY_FILE]


def test_who_comes_second_takes_the_first_ones_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = folder_key(tmp_path)
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path.name != KEY_FILE and exists(path))
    assert folder_key(tmp_path) == first
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def test_the_tag_key_is_a_key_of_its_own(tmp_path: Path) -> None:
    tag_key = folder_key(tmp_path, TAG_KEY_FILE)
    assert tag_key == folder_key(tmp_path, TAG_KEY_FILE) != folder_key(tmp_path)
    assert (tmp_path / TAG_KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_destroyed_keys_are_overwritten_before_they_are_gone(tmp_path: Path) -> None:
    folder_key(tmp_path)
    (tmp_path / "other link").hardlink_to(tmp_path / KEY_FILE)
    assert destroy_keys(tmp_path) == [tmp_path / KEY_FILE]
    assert (tmp_path / "other link").read_bytes() == bytes(32)
    assert not (tmp_path / KEY_FILE).exists()
    assert destroy_keys(tmp_path) == []
