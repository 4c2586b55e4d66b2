"""The order in which choices were made. The record's is that in which they reached it.

A gateway that ends while the record is away leaves choices in its journal; they are recorded when it starts again,
after what the same visitor chose at another gateway meanwhile. The minute of a choice is the finest time that is kept:
within one minute the number decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.model.entry import Body, Entry


def made(day: str, body: Body | None) -> str:
    """When a choice was made, as text that sorts; `day`, an ISO date, stands in where no minute is kept."""
    return str((body or {}).get("minute", day))


def as_made(entries: Iterable[Entry]) -> list[Entry]:
    """`entries` in the order in which their choices were made, the current choice last."""
    return sorted(entries, key=lambda entry: (made(entry.day, entry.body), entry.seq))
