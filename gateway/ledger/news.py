"""Withdrawals by a signal, recorded once (R-73)."""

from __future__ import annotations

from gateway.ledger.base import Ledger
from gateway.model.entry import Event


async def is_news(ledger: Ledger, event: Event) -> bool:
    """Whether the `gpc` event changes anything: whether the last entry of its subject leaves something else granted.

    The answer that a signal changes also rewrites the cookie; but requests that were under way with the old one, or a
    browser that keeps it, tell the same again, to another worker or after a restart. Raises LedgerError.
    """
    tag = bytes.fromhex(str(event.body["subject_tag"]))
    known = await ledger.entries_of(tag)
    last = known[-1].body if known else None
    return last is None or last["choices"] != event.body["choices"]
