"""The tables of the ledger's two files, and how an older file becomes a current one.

The chain file is kept for ever and tells nothing about anybody; `kept` holds the bodies of the record's own
housekeeping, which never go; `tally` holds the counters of the statistics, `base` the base periods by the epoch day
from which each holds. Bodies and salts of choices live in a file of their own, so that its backups can be
short-lived (R-138); `tag` repeats the body's `subject_tag` for the index and goes with the row. `erasure` holds the
tags whose bodies wait for the batch; a row in `unclean` says that bytes of deleted rows may still be in the file. The
third file is the list of `gateway.ledger.erased`.
"""

from __future__ import annotations

from collections.abc import Sequence

import aiosqlite

from gateway.errors import LedgerUnavailable
from gateway.ledger.files import begin

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
    (
        "0002 kept",
        (
            """CREATE TABLE kept (
                seq INTEGER PRIMARY KEY,
                salt BLOB NOT NULL CHECK (length(salt) = 32),
                body TEXT NOT NULL
            ) STRICT""",
        ),
    ),
    (
        "0003 tally",
        (
            """CREATE TABLE tally (
                dimension TEXT NOT NULL,
                day INTEGER NOT NULL,
                what TEXT NOT NULL,
                value TEXT NOT NULL,
                n INTEGER NOT NULL,
                PRIMARY KEY (dimension, day, what, value)
            ) STRICT, WITHOUT ROWID""",
            "CREATE TABLE base (since INTEGER PRIMARY KEY, kind TEXT NOT NULL) STRICT",
            "CREATE TABLE pushed (period TEXT PRIMARY KEY) STRICT",
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
    (
        "0002 erasure",
        (
            "CREATE TABLE erasure (tag BLOB PRIMARY KEY CHECK (length(tag) = 16)) STRICT",
            "CREATE TABLE unclean (mark INTEGER PRIMARY KEY) STRICT",
        ),
    ),
)

ERASED: tuple[Migration, ...] = (
    (
        "0001 erased",
        (
            """CREATE TABLE erased (
                seq INTEGER NOT NULL,
                commitment BLOB NOT NULL,
                day INTEGER NOT NULL,
                kind TEXT NOT NULL,
                until TEXT NOT NULL,
                by_seq INTEGER NOT NULL,
                by_commitment BLOB NOT NULL,
                PRIMARY KEY (seq, commitment)
            ) STRICT""",
        ),
    ),
)


async def migrate(connection: aiosqlite.Connection, migrations: Sequence[Migration], *, busy: float = 0) -> None:
    """Applies what is missing, all or nothing; two processes may call it at once, and wait `busy` seconds.

    Raises LedgerUnavailable for a file that a newer version has written.
    """
    await begin(connection, busy=busy)
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
