"""What every ledger promises, whichever database is behind it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.model.entry import Entry, Event, Kind
from gateway.model.exchange import Item
from gateway.model.retention import Retention

Progress = Callable[[int], None]
"""Is told now and then how many entries or bodies are done."""


def silent(done: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many bodies were deleted because somebody asked, and because they had been kept long enough."""

    erased: int = 0
    expired: int = 0


class Ledger(Protocol):
    """The consent record: entries are appended, read and verified, never changed. Their bodies can be deleted.

    Every method raises LedgerUnavailable when the database does not do its part. A ledger that failed works
    again as soon as its database does; it needs no restart.
    """

    async def open(self) -> None:
        """Makes it ready for writing, which after a failure may be called all the same: it tries again.

        A body that was deleted and is there again, from a backup, is gone when it returns (R-138).
        """

    async def append(self, event: Event) -> Entry:
        """Returns once the entry is durable. After LedgerUnavailable nothing may be granted (R-126)."""

    async def replay(self, events: Sequence[Event], after: int) -> int:
        """Appends in order and all at once those of `events` that are not in the record yet; the last entry's number.

        Each event has its salt, by which the record tells whether an earlier attempt was made durable after all. Only
        the entries with a higher number than `after` are looked through.
        """

    async def head(self) -> tuple[int, bytes]:
        """Number and hash of the last durable entry; (0, 32 zero bytes) if there is none."""

    async def last(self, kind: Kind | None = None) -> Entry | None:
        """The last entry, or the last one of that kind."""

    def entries(self, after: int = 0) -> AsyncGenerator[Entry, None]:
        """The entries with a higher number than `after`, in order, as they were when reading began.

        Raises ChainBroken for a row that cannot be read as an entry at all. Who stops early closes it
        (`contextlib.aclosing`): it holds a connection.
        """

    async def entries_of(self, tag: bytes) -> list[Entry]:
        """One subject's entries as they were made (`gateway.model.order`), the current choice last.

        None once their erasure was asked for, deleted yet or not.
        """

    async def withheld(self) -> frozenset[int]:
        """Numbers of the entries whose erasure was asked for and whose bodies are still there: not to be used."""

    async def verify(self, anchor: bytes | None = None, progress: Progress = silent) -> tuple[int, bytes]:
        """Recomputes everything and returns the head. Raises ChainBroken at the first entry at fault.

        `anchor` is a head written down earlier, elsewhere: it must be one of the record's heads, or its end
        was cut or rewritten since.
        """

    async def erase(self, tag: bytes) -> None:
        """Asks for the deletion of one subject's bodies by the next `purge`; durable when it returns."""

    async def purge(self, rule: Retention, progress: Progress = silent) -> Purged:
        """Deletes the bodies whose erasure was asked for, and those kept long enough.

        Returns when no byte of them is left in the database's files, so it waits for readers; what was deleted
        before it was cancelled, or failed, stays deleted and is cleaned by the next one.
        """

    async def purge_everything(self, progress: Progress = silent) -> Purged:
        """Deletes the body of every choice: the end of the service. The chain stays and verifies."""

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
