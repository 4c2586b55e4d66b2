"""Events become entries, one after the other."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from gateway.model.entry import SALT_SIZE, Entry, Event, commitment, seal


def sealed(events: Sequence[Event], seq: int, head: bytes) -> list[Entry]:
    """The entries that `events` become after entry `seq`, whose head is `head`."""
    entries = []
    for place, event in enumerate(events, seq + 1):
        entries.append(seal(event, seq=place, prev=head, salt=event.salt or secrets.token_bytes(SALT_SIZE)))
        head = entries[-1].head
    return entries


def commitments(events: Sequence[Event]) -> list[bytes]:
    """What the chain will hold of these events, each of which has its salt already."""
    return [commitment(event.salt or b"", event.body) for event in events]
