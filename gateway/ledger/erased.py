"""The list of bodies that were deleted: what a restored backup must lose again (R-138).

A small file of its own beside the record. It tells numbers and check values of the chain, nothing of anybody,
and must not be restored with the bodies: its whole use is to be newer than they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiosqlite

from gateway.ledger.files import connect, create
from gateway.ledger.schema import ERASED, migrate
from gateway.model.entry import Entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEPT_DAYS = 30
"""How long the list, and therefore a backup of the bodies, may be kept."""


@dataclass(frozen=True, slots=True)
class Erased:
    """A body that was deleted: whose it was, and the entry that accounts for it."""

    seq: int
    commitment: bytes
    kind: str
    until: str
    by_seq: int
    by_commitment: bytes


def erased_path(chain: Path) -> Path:
    """The list's file beside the chain's: `ledger.sqlite` has `ledger-erased.sqlite`."""
    return chain.with_name(f"{chain.stem}-erased{chain.suffix}")


class ErasedList:
    """The list beside the chain file at `chain`. Raises sqlite3.Error and OSError."""

    def __init__(self, chain: Path, *, busy: float) -> None:
        self._path = erased_path(chain)
        self._busy = busy

    async def note(self, bodies: Iterable[tuple[int, bytes]], entry: Entry, today: int) -> None:
        """Writes down, before it happens, that `entry` accounts for `bodies` (number and commitment)."""
        until = str((entry.body or {}).get("until", ""))
        rows = [(seq, c, today, entry.kind.value, until, entry.seq, entry.commitment) for seq, c in bodies]
        create(self._path)
        async with self._connected() as connection:
            await migrate(connection, ERASED)
            await connection.execute("BEGIN IMMEDIATE")
            await connection.executemany("INSERT OR REPLACE INTO erased VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            await connection.execute("COMMIT")

    async def rows(self) -> Sequence[Erased]:
        """Everything on the list; nothing if there is none yet."""
        if not self._path.exists():
            return ()
        async with self._connected() as connection:
            await migrate(connection, ERASED)
            rows = await connection.execute_fetchall(
                "SELECT seq, commitment, kind, until, by_seq, by_commitment FROM erased ORDER BY seq"
            )
        return [Erased(*row) for row in rows]

    async def forget(self, today: int) -> None:
        """Drops what no backup that may still exist can bring back."""
        if self._path.exists():
            async with self._connected() as connection:
                await migrate(connection, ERASED)
                await connection.execute("DELETE FROM erased WHERE day < ?", (today - KEPT_DAYS,))

    def _connected(self) -> AbstractAsyncContextManager[aiosqlite.Connection]:
        return _closing(self._path, self._busy)


@asynccontextmanager
async def _closing(path: Path, busy: float) -> AsyncIterator[aiosqlite.Connection]:
    connection = await connect(path, busy=busy)
    try:
        yield connection
    finally:
        await connection.close()
