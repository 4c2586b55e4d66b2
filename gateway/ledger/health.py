"""How the record is: its size and head, its last anchor, and when somebody last verified it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.ledger.base import Ledger
from gateway.model.entry import Kind

NOTE: Final = "verified.json"


def note_verified(folder: Path, seq: int, head: bytes, now: float) -> None:
    """Notes in the data folder that the record was found whole up to entry `seq`. Raises OSError."""
    at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(now))
    (folder / NOTE).touch(mode=0o600)
    (folder / NOTE).write_text(json.dumps({"at": at, "seq": seq, "head": head.hex()}), "utf-8")


async def health(ledger: Ledger, folder: Path) -> dict[str, str | int | None]:
    """`entries`, `head` (hex), `anchor` (its day), `verified` (UTC) and `seq`. Raises LedgerError."""
    seq, head = await ledger.head()
    anchor = await ledger.last(Kind.ANCHOR)
    note: dict[str, str | int] = {}
    with suppress(OSError, ValueError):
        note = json.loads((folder / NOTE).read_text("utf-8"))
    return {
        "entries": seq,
        "head": head.hex(),
        "anchor": anchor.day if anchor else None,
        "verified": note.get("at"),
        "seq": note.get("seq"),
    }
