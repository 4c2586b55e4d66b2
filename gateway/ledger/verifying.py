"""A record's entries, checked from the first to the last."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from gateway.errors import ChainBroken
from gateway.ledger.base import Progress, silent
from gateway.model.chain import ChainCheck
from gateway.model.entry import GENESIS, Entry

_PAGE: Final = 500


async def verified(
    found: AsyncGenerator[Entry, None], anchor: bytes | None = None, progress: Progress = silent
) -> tuple[int, bytes]:
    """The head of the record that `found` gives, in memory that does not grow with it; see `Ledger.verify`."""
    check = ChainCheck()
    anchored = anchor in (None, GENESIS)
    async with aclosing(found) as entries:
        async for entry in entries:
            check.feed(entry)
            anchored = anchored or entry.head == anchor
            if check.seq % _PAGE == 0:
                progress(check.seq)
    check.finish()
    progress(check.seq)
    if not anchored:
        raise ChainBroken(check.seq + 1, "the anchored head is gone: the end was cut or rewritten")
    return check.seq, check.head
