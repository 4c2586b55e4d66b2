"""What was recorded already: withdrawals by a signal (R-73), and choices made again without an answer (R-123).

An event that waited in a journal may be older than what its subject chose since: it is compared with what was chosen
right before it, and right after it.
"""

from __future__ import annotations

from bisect import bisect_right

from gateway.ledger.base import Ledger
from gateway.model.entry import Body, Entry, Event, Kind, iso_day
from gateway.model.order import made

_SAME = ("choices", "notice_rev", "signal")


async def is_news(ledger: Ledger, event: Event) -> bool:
    """Whether the `gpc` event changes anything: whether its subject's last entry before leaves something else granted.

    The answer that a signal changes also rewrites the cookie; but requests that were under way with the old one, or a
    browser that keeps it, tell the same again, to another worker or after a restart. Raises LedgerError.
    """
    before, after = await _around(ledger, event)
    told_again = after is not None and after.kind is Kind.GPC and _leaves(after) == event.body["choices"]
    return not told_again and (before is None or _leaves(before) != event.body["choices"])


def may_repeat(event: Event) -> bool:
    """Whether `event` could be one that a visitor makes again because the first got no answer.

    A first grant has a subject of its own each time, a refusal none: those cannot be known again.
    """
    return event.kind in (Kind.CHANGE, Kind.WITHDRAW)


async def is_repeat(ledger: Ledger, event: Event) -> bool:
    """Whether its subject's last entry before is the same choice, of the same day and revision; or the next one after.

    A visitor whose connection was cut has the old cookie and chooses again, maybe at another gateway, while the first
    attempt is durable. Raises LedgerError.
    """
    return any(_is_same(entry, event) for entry in await _around(ledger, event))


def _is_same(entry: Entry | None, event: Event) -> bool:
    if entry is None or entry.body is None or (entry.kind, entry.day) != (event.kind, iso_day(event.day)):
        return False
    return all(entry.body[key] == event.body[key] for key in _SAME)


def _leaves(entry: Entry) -> Body | None:
    return None if entry.body is None else entry.body["choices"]  # type: ignore[return-value]


async def _around(ledger: Ledger, event: Event) -> tuple[Entry | None, Entry | None]:
    """Its subject's last entry made before `event`, or in the same minute, and the first one made after it."""
    known = await ledger.entries_of(bytes.fromhex(str(event.body["subject_tag"])))
    moment = made(iso_day(event.day), event.body)
    place = bisect_right(known, moment, key=lambda entry: made(entry.day, entry.body))
    return (known[place - 1] if place else None), (known[place] if place < len(known) else None)
