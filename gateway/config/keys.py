"""Signing keys and the key of subject tags: from the environment, or made once in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

KEY_SIZE = 32
KEY_FILE = "signing.key"
TAG_KEY_FILE = "tag.key"
PUSH_KEY_FILE = "push.key"


class Secret:
    """Bytes that never print: `str`, `repr` and `format` give ********. `reveal()` gives them on purpose."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and secrets.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "********"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def parse_keys(text: str) -> tuple[Secret, ...]:
    """Keys oldest first, comma-separated; spaces around them do not count. Lengths are not checked here."""
    return tuple(Secret(part.strip().encode()) for part in text.split(","))


def folder_key(folder: Path, name: str = KEY_FILE) -> Secret:
    """The key kept in `folder` as `name`, made on first use; every process that asks gets the same one.

    Folder 0700, file 0600, 32 random bytes. A file of another length is an error (ValueError): a
    truncated key must not sign anything. Raises OSError if the folder cannot be used.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        _publish(path, secrets.token_bytes(KEY_SIZE))
    key = path.read_bytes()
    if len(key) != KEY_SIZE:
        raise ValueError(f"{path}: {len(key)} bytes, expected {KEY_SIZE}")
    return Secret(key)


def destroy_keys(folder: Path) -> list[Path]:
    """Overwrites and removes the keys kept in `folder`; those that were there. Raises OSError."""
    names = (KEY_FILE, TAG_KEY_FILE, PUSH_KEY_FILE)
    found = [path for path in (folder / name for name in names) if path.exists()]
    for path in found:
        with path.open("r+b") as file:
            file.write(bytes(KEY_SIZE))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    return found


def _publish(path: Path, key: bytes) -> None:
    """Puts a complete file at `path` unless another process was first: link() never replaces."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
