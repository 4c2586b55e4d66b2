"""Whoever of the staff reads the record leaves a line in it first (R-167)."""

from __future__ import annotations

from gateway.ledger.base import Ledger
from gateway.model.entry import read_event


async def announce(ledger: Ledger, role: str, what: str, *, now: float) -> None:
    """Notes in an open `ledger` that `role` is about to be shown `what`; to be awaited before any output.

    `role` is one of `gateway.model.entry.ROLES`, `what` the constant name of a command or an endpoint. Raises
    LedgerUnavailable: then nothing may be shown.
    """
    await ledger.append(read_event(role, what, now=now))
