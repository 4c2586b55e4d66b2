"""Filling an empty record in PostgreSQL from sealed entries: one transaction, so all of them or none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import islice
from typing import Final

from gateway.errors import ImportRefused
from gateway.ledger.postgresql.writing import Writer
from gateway.model.entry import Entry
from gateway.model.exchange import Item

_BATCH: Final = 500


async def restore(writer: Writer, items: Iterable[Item]) -> None:
    """Puts `items` into the record. Gateways that are running wait, or find their events refused, until it is done.

    Raises ImportRefused if there is anything in it, whatever reading `items` raises, and what `writer` raises.
    """
    connection, rest = writer.connection, iter(items)
    async with writer.locked():
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        count = await connection.fetchval("SELECT count(*) FROM chain")
        if count:
            raise ImportRefused(f"there is a record of {count} entries already: an empty one is needed")
        while batch := list(islice(rest, _BATCH)):
            texts = [(hashlib.sha256(item).digest(), item) for item in batch if isinstance(item, bytes)]
            await connection.executemany("INSERT INTO text VALUES ($1, $2) ON CONFLICT DO NOTHING", texts)
            await writer.write([item for item in batch if isinstance(item, Entry)])
