"""Requests for erasure, none of which may be lost: in the record, or in a file of their own while it is away."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from pathlib import Path

from gateway.ledger.base import Ledger
from gateway.ledger.files import create

log = logging.getLogger(__name__)
_TAG = re.compile(r"[0-9a-f]{32}")


class Erasures:
    """Asks `ledger` to erase subjects by their tags. `folder` holds an empty file for each tag that still waits.

    The files are made and removed whole, so several processes may share the folder.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger = ledger
        self._folder = folder

    async def ask(self, tag: bytes) -> None:
        """Durable in the record when it returns; the batch does it (R-135). Raises LedgerError."""
        await self._ledger.erase(tag)
        with suppress(OSError):  # a file that stays is asked for once more
            self._path(tag).unlink()

    async def keep(self, tag: bytes) -> bool:
        """Writes the request down beside the record, for `resume`; false if that cannot be written either."""
        try:
            await asyncio.to_thread(create, self._path(tag))
        except OSError as error:
            log.error("a request for erasure is in memory only: %s", error)
            return False
        return True

    async def resume(self) -> None:
        """Asks for everything that still waits. Raises LedgerError."""
        with suppress(FileNotFoundError, NotADirectoryError):
            for name in [path.name for path in self._folder.iterdir()]:
                if _TAG.fullmatch(name):
                    await self.ask(bytes.fromhex(name))

    def _path(self, tag: bytes) -> Path:
        return self._folder / tag.hex()
