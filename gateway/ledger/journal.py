"""Files in which events wait, durable, for a record that is away (R-126).

    CRC-32 of the rest in hex, a space, {"after":…,"event":{"kind":…,"day":…,"body":…,"salt":…,"counters":…}}
    CRC-32 of the rest in hex, a space, {"after":…,"erase":…}

A file belongs to the process that has it open; the lock on it goes with the process, so whoever starts next finds what
a dead one left. `after` is the last entry of the record before the first attempt to append the event. Once the record
has everything, the file is overwritten and removed: it holds bodies, and no deletion would reach them there.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from gateway.ledger.files import create
from gateway.model.entry import SALT_SIZE, Event, Kind

log = logging.getLogger(__name__)

FOLDER: Final = "journal"
"""Where the files are in the data folder."""
SUFFIX: Final = ".journal"
DAMAGED: Final = ".damaged"
LARGEST: Final = 1 << 30
"""Bytes of one file, beyond which nothing more is taken."""
_LONGEST: Final = 1 << 20
_KEPT_SECONDS: Final = 30 * 86_400
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something for the record: an event that has its salt, or the tag of a subject to erase."""

    what: Event | bytes
    after: int


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    kind: Kind
    day: int
    body: dict[str, str | int | dict[str, int]]
    salt: str
    counters: tuple[tuple[str, str, str], ...] = ()


class _Line(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    after: int
    event: _Event | None = None
    erase: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


class Journal:
    """One file, this process's own until it is closed. What goes wrong is an OSError."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def new(cls, folder: Path) -> Journal:
        """An empty one in `folder`, which is made if it is missing."""
        # Locked before it has its name: nobody may take it for a dead process's in between.
        path = folder / f"{secrets.token_hex(8)}{SUFFIX}"
        unnamed = path.with_suffix(".new")
        create(unnamed)
        descriptor = os.open(unnamed, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unnamed.rename(path)
            _sync(folder)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    @classmethod
    def adopted(cls, path: Path) -> Journal | None:
        """The one at `path` if nobody has it open."""
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            here = os.fstat(descriptor).st_ino == path.stat().st_ino
        except (BlockingIOError, FileNotFoundError):
            here = False
        if not here:
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    def write(self, lines: Sequence[Waiting]) -> None:
        """On the disk when it returns; after an exception nothing of it is in the file, as far as the disk obeys."""
        size = os.lseek(self._descriptor, 0, os.SEEK_END)
        text = b"".join(map(_line, lines))
        if size + len(text) > LARGEST:
            raise OSError(f"{self.path}: the journal is full")
        try:
            left = memoryview(text)
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise

    def read(self, offset: int, most: int) -> tuple[list[Waiting], int]:
        """Up to `most` of what waits from `offset` on, and where to read on; nothing at the end."""
        found: list[Waiting] = []
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(offset)
            while len(found) < most and (line := file.readline(_LONGEST)):
                offset += len(line)
                waiting = _read(line)
                if waiting is not None:
                    found.append(waiting)
        return found, offset

    def repair(self) -> tuple[int, set[bytes]]:
        """To be called once for a file that was found; how many wait in it, and the tags of subjects to erase.

        A last line that was cut by a crash was never acknowledged: it goes. Lines that were damaged later are written
        to a file of their own, where they stay for 30 days. The log tells of both.
        """
        count = 0
        tags: set[bytes] = set()
        damaged: list[bytes] = []
        cut = b""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            for line in iter(lambda: file.readline(_LONGEST), b""):
                damaged += [cut] * bool(cut)
                cut = b""
                waiting = _read(line)
                if waiting is not None:
                    count += 1
                    tags |= {waiting.what} if isinstance(waiting.what, bytes) else set()
                elif line.endswith(b"\n"):
                    damaged.append(line)
                else:
                    cut = line
            size = file.tell()
        if cut:
            os.ftruncate(self._descriptor, size - len(cut))
            log.warning("%s: its last line was cut off by a crash; it was never acknowledged", self.path)
        if damaged:
            aside = self.path.with_suffix(DAMAGED)
            create(aside)
            aside.write_bytes(b"".join(damaged))
            _sync(aside)
            log.error("%s: %d lines are damaged and were set aside to %s", self.path, len(damaged), aside)
        return count, tags

    def wipe(self) -> None:
        """Overwrites, removes and closes it."""
        try:
            _overwrite(self._descriptor)
            self.path.unlink(missing_ok=True)
        finally:
            self.close()

    def close(self) -> None:
        """Gives it up to whoever adopts it."""
        os.close(self._descriptor)


def adopt(folder: Path) -> list[Journal]:
    """The files of dead processes, the oldest first; lines set aside too long ago are overwritten and removed."""
    if not folder.is_dir():
        return []
    journals = []
    for path in sorted(folder.iterdir(), key=_age):
        if path.suffix == DAMAGED and time.time() - _age(path) > _KEPT_SECONDS:
            descriptor = os.open(path, os.O_RDWR)
            try:
                _overwrite(descriptor)
            finally:
                os.close(descriptor)
            path.unlink()
        elif path.suffix == SUFFIX and (journal := Journal.adopted(path)) is not None:
            journals.append(journal)
    return journals


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _overwrite(descriptor: int) -> None:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, 0, os.SEEK_SET)
    for start in range(0, size, _CHUNK):
        os.write(descriptor, bytes(min(_CHUNK, size - start)))
    os.fsync(descriptor)
    os.ftruncate(descriptor, 0)
    os.fsync(descriptor)


def _line(waiting: Waiting) -> bytes:
    what = waiting.what
    if isinstance(what, bytes):
        text = _encode(_Line(waiting.after, erase=what.hex()))
    else:
        salt = (what.salt or b"").hex()
        text = _encode(_Line(waiting.after, _Event(what.kind, what.day, dict(what.body), salt, what.counters)))  # type: ignore[arg-type]
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _read(line: bytes) -> Waiting | None:
    """What a line says; None if it is not whole."""
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    try:
        if not line.endswith(b"\n") or int(checksum, 16) != zlib.crc32(text):
            return None
        found = _decode(text)
        if found.erase is not None:
            return Waiting(bytes.fromhex(found.erase), found.after)
        event = found.event
        if event is None or len(salt := bytes.fromhex(event.salt)) != SALT_SIZE:
            return None
        return Waiting(Event(event.kind, event.day, event.body, event.counters, salt), found.after)
    except ValueError:
        return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
