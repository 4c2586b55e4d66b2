"""What was recorded already: withdrawals by a signal (R-73), and choices made again without an answer (R-123)."""

from __future__ import annotations

from gateway.ledger.base import Ledger
from gateway.model.entry import Entry, Event, Kind, iso_day

_SAME = ("choices", "notice_rev", "signal")


async def is_news(ledger: Ledger, event: Event) -> bool:
    """Whether the `gpc` event changes anything: whether the last entry of its subject leaves something else granted.

    The answer that a signal changes also rewrites the cookie; but requests that were under way with the old one, or a
    browser that keeps it, tell the same again, to another worker or after a restart. Raises LedgerError.
    """
    last = await _last(ledger, event)
    return last is None or last.body is None or last.body["choices"] != event.body["choices"]


def may_repeat(event: Event) -> bool:
    """Whether `event` could be one that a visitor makes again because the first got no answer.

    A first grant has a subject of its own each time, a refusal none: those cannot be known again.
    """
    return event.kind in (Kind.CHANGE, Kind.WITHDRAW)


async def is_repeat(ledger: Ledger, event: Event) -> bool:
    """Whether the last entry of its subject is the same choice, of the same day and revision.

    A visitor whose connection was cut has the old cookie and chooses again, maybe at another gateway, while the first
    attempt is durable. Raises LedgerError.
    """
    last = await _last(ledger, event)
    if last is None or last.body is None or (last.kind, last.day) != (event.kind, iso_day(event.day)):
        return False
    return all(last.body[key] == event.body[key] for key in _SAME)


async def _last(ledger: Ledger, event: Event) -> Entry | None:
    known = await ledger.entries_of(bytes.fromhex(str(event.body["subject_tag"])))
    return known[-1] if known else None
