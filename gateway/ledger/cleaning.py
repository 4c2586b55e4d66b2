"""Removes the bytes of deleted rows from the bodies' file.

`secure_delete` overwrites a row where it was deleted, but SQLite leaves copies in the gaps when it moves rows between
pages, and the write-ahead log holds older pages. So the file is rewritten and the log emptied; that takes as long as
no reader holds an older state.
"""

from __future__ import annotations

from pathlib import Path

from gateway.ledger.files import bodies_path, connect
from gateway.ledger.pair import FilePair


async def rewrite(pair: FilePair, path: Path) -> int:
    """Rewrites the bodies' file if it needs it; the mark to be given to `clean` afterwards, 0 if it does not.

    Writers wait meanwhile, readers do not. Nothing else may use `pair`.
    """
    rows = await pair.bodies.execute_fetchall("SELECT max(mark) FROM unclean")
    mark = next(iter(rows))[0]
    if mark is None:
        return 0
    # The rewritten copy lies beside the record for a moment, not in a folder for everybody.
    folder = str(path.parent).replace("'", "''")
    await pair.bodies.execute(f"PRAGMA temp_store_directory='{folder}'")
    await pair.bodies.execute("PRAGMA temp_store=FILE")
    try:
        await pair.bodies.execute("VACUUM")
    finally:
        await pair.bodies.execute("PRAGMA temp_store=MEMORY")
    return int(mark)


async def emptied(path: Path) -> bool:
    """Empties the write-ahead log of the bodies beside the chain at `path`; false while a reader needs it."""
    connection = await connect(bodies_path(path), busy=0)
    try:
        rows = await connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        await connection.close()
    return int(next(iter(rows))[0]) == 0


async def clean(pair: FilePair, mark: int) -> None:
    """Notes that what was deleted up to `mark` is gone."""
    async with pair.locked():
        await pair.change(("DELETE FROM unclean WHERE mark <= ?", [(mark,)]))
