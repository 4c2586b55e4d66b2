"""What every ledger promises, whichever database is behind it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

from gateway.model.entry import Entry, Event
from gateway.model.exchange import Item


class Ledger(Protocol):
    """The consent record: entries are appended, read and verified, never changed.

    Every method raises LedgerUnavailable when the database does not do its part. A ledger that failed works
    again as soon as its database does; it needs no restart.
    """

    async def open(self) -> None:
        """Makes it ready for `append`, which after a failure may be called all the same: it tries again."""

    async def append(self, event: Event) -> Entry:
        """Returns once the entry is durable. After LedgerUnavailable nothing may be granted (R-126)."""

    async def head(self) -> tuple[int, bytes]:
        """Number and hash of the last durable entry; (0, 32 zero bytes) if there is none."""

    def entries(self, after: int = 0) -> AsyncGenerator[Entry, None]:
        """The entries with a higher number than `after`, in order, as they were when reading began.

        Raises ChainBroken for a row that cannot be read as an entry at all. Who stops early closes it
        (`contextlib.aclosing`): it holds a connection.
        """

    async def verify(self, anchor: bytes | None = None) -> tuple[int, bytes]:
        """Recomputes everything and returns the head. Raises ChainBroken at the first entry at fault.

        `anchor` is a head written down earlier, elsewhere: it must be one of the record's heads, or its end
        was cut or rewritten since.
        """

    async def restore(self, items: Iterable[Item]) -> None:
        """Fills an empty record with entries sealed elsewhere and their texts: all of them, or none.

        Whoever calls it has verified the entries, or does so while `items` is read: what that raises ends it. Raises
        ImportRefused if the record is not empty or in use.
        """

    async def remember(self, name: str, value: str) -> str:
        """What is kept under `name` for as long as the record: the first `value` it was ever given."""

    async def recall(self, name: str) -> str | None:
        """What is kept under `name`; None if nothing is. Writes nothing."""

    async def archive(self, text: bytes) -> str:
        """Keeps `text` for good and returns its SHA-256 in hex; a text kept already is not kept twice."""

    async def text(self, sha256: str) -> bytes | None:
        """The archived text with that hash."""

    async def close(self) -> None:
        """Finishes what was appended. May be called twice."""
