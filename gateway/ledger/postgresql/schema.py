"""The tables in PostgreSQL, and how those of an older version become current ones.

They are those of `gateway.ledger.schema`, in one database: `chain`, `text`, `meta` and `kept` stay for ever, `body` and
`erasure` hold what can be deleted. `body` has a partition for every month, so that cleaning after a deletion rewrites a
month and not the record; `chain` has none, for nothing is ever deleted from it, and its primary key keeps one number
from being given twice. A row of `unclean` names a table that may still hold bytes of deleted rows. The rows of `writer`
are there to be locked.

The server must not keep samples of tags and bodies among its statistics, where no deletion reaches them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.errors import LedgerUnavailable
from gateway.ledger.postgresql.connections import Connection

Migration = tuple[str, tuple[str, ...]]

UNSAMPLED: Final = "ALTER tag SET STATISTICS 0, ALTER salt SET STATISTICS 0, ALTER body SET STATISTICS 0"
"""What each part of `body` is altered by as well."""

MIGRATIONS: Final[tuple[Migration, ...]] = (
    (
        "0001 record",
        (
            """CREATE TABLE chain (
                seq bigint PRIMARY KEY,
                day text COLLATE "C" NOT NULL,
                kind text NOT NULL,
                commitment bytea NOT NULL CHECK (length(commitment) = 32),
                prev bytea NOT NULL CHECK (length(prev) = 32),
                head bytea NOT NULL CHECK (length(head) = 32)
            )""",
            "CREATE TABLE text (sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32), body bytea NOT NULL)",
            "CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL)",
            "INSERT INTO meta VALUES ('format', 'cg/v1')",
            """CREATE TABLE kept (
                seq bigint PRIMARY KEY,
                salt bytea NOT NULL CHECK (length(salt) = 32),
                body text NOT NULL
            )""",
            """CREATE TABLE body (
                seq bigint NOT NULL,
                day text COLLATE "C" NOT NULL,
                tag bytea CHECK (length(tag) = 16),
                salt bytea NOT NULL CHECK (length(salt) = 32),
                body text NOT NULL,
                PRIMARY KEY (seq, day)
            ) PARTITION BY RANGE (day)""",
            f"ALTER TABLE body {UNSAMPLED}",
            "CREATE INDEX body_tag ON body (tag) WHERE tag IS NOT NULL",
            "CREATE TABLE erasure (tag bytea PRIMARY KEY CHECK (length(tag) = 16))",
            "ALTER TABLE erasure ALTER COLUMN tag SET STATISTICS 0",
            "CREATE TABLE unclean (mark bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL)",
            "CREATE TABLE writer (name text PRIMARY KEY)",
            "INSERT INTO writer VALUES ('chain'), ('counters')",
        ),
    ),
    (
        "0002 tally",
        (
            """CREATE TABLE tally (
                dimension text NOT NULL,
                day integer NOT NULL,
                what text NOT NULL,
                value text NOT NULL,
                n bigint NOT NULL,
                PRIMARY KEY (dimension, day, what, value)
            )""",
            "CREATE TABLE base (since integer PRIMARY KEY, kind text NOT NULL)",
            "CREATE TABLE pushed (period text PRIMARY KEY)",
        ),
    ),
)

_KEY: Final = 0x6367_6D69_6772
"""An advisory lock's number, of this product's migrations alone."""


async def migrate(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Applies what is missing, within the transaction that `connection` is in; two gateways may call it at once.

    Raises LedgerUnavailable for a database that a newer version has written.
    """
    await connection.execute(f"SELECT pg_advisory_xact_lock({_KEY})")
    await connection.execute("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY)")
    done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    strange = done - {name for name, _ in migrations}
    if strange:
        raise LedgerUnavailable(f"written by a newer version: {', '.join(sorted(strange))}")
    for name, statements in migrations:
        if name not in done:
            for statement in statements:
                await connection.execute(statement)
            await connection.execute("INSERT INTO migration VALUES ($1)", name)
