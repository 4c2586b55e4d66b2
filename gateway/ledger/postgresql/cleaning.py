"""Removes the bytes of deleted rows from the tables' files.

VACUUM alone leaves them in the gaps of pages. CLUSTER writes a table and its indexes anew and gives up the old files;
it tells how many deleted rows it had to keep because a reader may still see them, and is repeated until that is none.
Write-ahead logs and backups are beyond it: they must not live longer than backups of the bodies may (R-138).
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final

from gateway.ledger.postgresql.connections import LONG, Connection, transaction

# Whoever waits for this lock keeps everybody behind from the table: not for long, and then again.
_BEGIN: Final = "BEGIN; SET LOCAL lock_timeout = '300ms'"
_NUMBER: Final = re.compile(r"\d+")


async def waiting(connection: Connection) -> dict[str, list[int]]:
    """The tables that are to be rewritten, with their marks; in a transaction of its own."""
    found: dict[str, list[int]] = defaultdict(list)
    for row in await connection.fetch("SELECT mark, name FROM unclean"):
        found[row["name"]].append(row["mark"])
    return found


async def rewrite(connection: Connection, name: str) -> bool:
    """Rewrites the table; whether nothing of a deleted row is left. Only a lock that was not to be had is no error.

    Who writes to this table waits meanwhile. The connection is done for after an exception.
    """
    told: list[Any] = []

    def hear(_: Connection, message: Any) -> None:
        told.append(message)

    connection.add_log_listener(hear)
    try:
        async with transaction(connection, _BEGIN):
            await connection.execute(f"CLUSTER VERBOSE {name} USING {name}_pkey", timeout=LONG)
    finally:
        connection.remove_log_listener(hear)
    # In whatever language: "0 dead row versions cannot be removed yet", the first number of the only detail.
    details = [message.detail for message in told if message.detail]
    return bool(details) and all(int(_NUMBER.findall(detail)[0]) == 0 for detail in details)


async def clean(connection: Connection, marks: list[int]) -> None:
    """Notes that what these marks were for is gone; within a transaction."""
    await connection.execute("DELETE FROM unclean WHERE mark = ANY($1::bigint[])", marks)
