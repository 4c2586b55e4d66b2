"""Tokens of staff, by role: shown once, kept as hashes in the data folder (R-165, R-166).

A token is 32 random bytes, so its plain SHA-256 says nothing about it.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import msgspec

Role = Literal["marketing", "officer", "ops"]
ROLES: Final[tuple[Role, ...]] = ("marketing", "officer", "ops")
"""No role includes another."""
FILE: Final = "tokens.json"


class Token(msgspec.Struct, frozen=True):
    """What is kept of one: `id` names it in lists, `made` is the day (ISO 8601)."""

    id: str
    role: Role
    sha256: str
    made: str


class Tokens:
    """The tokens in `folder`. Others may change them meanwhile. Raises OSError, and ValueError for a damaged file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._read: tuple[tuple[int, int], tuple[Token, ...]] = ((0, 0), ())

    def new(self, role: Role) -> str:
        """A new token of `role`: the only time it is seen."""
        text = f"cg_{role}_{secrets.token_urlsafe(32)}"
        made = time.strftime("%Y-%m-%d", time.gmtime())
        self._write([*self.all(), Token(secrets.token_hex(4), role, _hash(text), made)])
        return text

    def all(self) -> tuple[Token, ...]:
        """Every token, the oldest first."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return ()
        mark = (status.st_mtime_ns, status.st_ino)
        if mark != self._read[0]:
            try:
                found = msgspec.json.decode(self._path.read_bytes(), type=tuple[Token, ...])
            except msgspec.DecodeError as error:
                raise ValueError(f"{self._path}: {error}") from None
            self._read = (mark, found)
        return self._read[1]

    def revoke(self, id: str) -> bool:
        """Takes the token with that id away; whether there was one."""
        tokens = self.all()
        left = [token for token in tokens if token.id != id]
        if len(left) < len(tokens):
            self._write(left)
        return len(left) < len(tokens)

    def find(self, text: str) -> Token | None:
        """The token that `text` is. Every hash is compared, each in constant time."""
        hashed = _hash(text)
        found = None
        for token in self.all():
            if hmac.compare_digest(token.sha256, hashed):
                found = token
        return found

    def _write(self, tokens: list[Token]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_name(f"{FILE}.{secrets.token_hex(4)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(tokens)))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
