"""The tables of the ledger's two files, and how an older file becomes a current one.

The chain file is kept for ever and tells nothing about anybody. Bodies and salts live in a file of their
own, so that its backups can be short-lived (R-138); `tag` repeats the body's `subject_tag` for the index
and goes with the row.
"""

from __future__ import annotations

from collections.abc import Sequence

import aiosqlite

from gateway.errors import LedgerUnavailable

Migration = tuple[str, tuple[str, ...]]

CHAIN: tuple[Migration, ...] = (
    (
        "0001 chain",
        (
            """CREATE TABLE chain (
                seq INTEGER PRIMARY KEY,
                day TEXT NOT NULL,
                kind TEXT NOT NULL,
                commitment BLOB NOT NULL CHECK (length(commitment) = 32),
                prev BLOB NOT NULL CHECK (length(prev) = 32),
                head BLOB NOT NULL CHECK (length(head) = 32)
            ) STRICT""",
            """CREATE TABLE text (
                sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
                body BLOB NOT NULL
            ) STRICT""",
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
            "INSERT INTO meta VALUES ('format', 'cg/v1')",
        ),
    ),
)

BODIES: tuple[Migration, ...] = (
    (
        "0001 bodies",
        (
            """CREATE TABLE body (
                seq INTEGER PRIMARY KEY,
                tag BLOB CHECK (length(tag) = 16),
                salt BLOB NOT NULL CHECK (length(salt) = 32),
                body TEXT NOT NULL
            ) STRICT""",
            "CREATE INDEX body_tag ON body (tag) WHERE tag IS NOT NULL",
        ),
    ),
)


async def migrate(connection: aiosqlite.Connection, migrations: Sequence[Migration]) -> None:
    """Applies what is missing, all or nothing; two processes may call it at once.

    Raises LedgerUnavailable for a file that a newer version has written.
    """
    await connection.execute("BEGIN IMMEDIATE")
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY) STRICT")
        rows = await connection.execute_fetchall("SELECT name FROM migration")
        done = {name for (name,) in rows}
        strange = done - {name for name, _ in migrations}
        if strange:
            raise LedgerUnavailable(f"written by a newer version: {', '.join(sorted(strange))}")
        for name, statements in migrations:
            if name not in done:
                for statement in statements:
                    await connection.execute(statement)
                await connection.execute("INSERT INTO migration VALUES (?)", (name,))
        await connection.execute("COMMIT")
    except BaseException:
        await connection.rollback()
        raise
