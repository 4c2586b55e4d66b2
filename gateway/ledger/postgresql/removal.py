"""Deletes bodies in PostgreSQL so that the record accounts for it; see `gateway.ledger.removal`.

The bodies and the entry that accounts for them are one transaction here. Only the list of erased numbers is elsewhere,
in the data folder: it is written first, and `replay` does again what it tells if the database does not know of it,
because the transaction failed or because a backup came back.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from itertools import groupby
from typing import Any, Final

from gateway.ledger.erased import Erased, ErasedList
from gateway.ledger.postgresql.connections import LONG, Connection
from gateway.ledger.postgresql.partitions import name_of
from gateway.ledger.postgresql.writing import Writer
from gateway.ledger.removal import MOST_AT_ONCE
from gateway.ledger.rows import body_of, kind_of
from gateway.model.entry import Event, Kind, Value, iso_day
from gateway.model.retention import Retention

_WAITING: Final = f"SELECT tag FROM erasure ORDER BY tag LIMIT {MOST_AT_ONCE}"  # noqa: S608
_OLD: Final = """
    SELECT old.tag, seq, day, kind, old.body FROM chain JOIN body AS old USING (seq, day)
    WHERE day <= '{day}' AND old.tag IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM body AS newer WHERE newer.tag = old.tag AND newer.day > '{day}')
    ORDER BY old.tag, seq
"""
_OLD_REFUSALS: Final = """
    SELECT seq FROM chain JOIN body USING (seq, day) WHERE day <= '{day}' AND kind = 'refuse' ORDER BY seq
"""
_ALL: Final = """
    SELECT seq FROM chain JOIN body USING (seq, day)
    WHERE kind IN ('grant', 'change', 'withdraw', 'refuse', 'gpc') ORDER BY seq
"""


class Remover:
    """Removes by `writer`. `today` is the UTC epoch day. Raises what `writer` and the list raise."""

    def __init__(self, writer: Writer, erased: ErasedList, today: int) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._erased = erased
        self._today = today

    async def replay(self) -> None:
        """Removes what is on the list, should it be there again, and accounts for what nothing accounts for."""
        if await self._erased.rows():
            while await self._replay_some():
                pass

    async def erase(self) -> int | None:
        """A part of what visitors asked for: the number of bodies, None when nobody waits any more."""
        async with self._writer.locked():
            tags = [row["tag"] for row in await self._connection.fetch(_WAITING)]
            if not tags:
                return None
            rows = await self._connection.fetch("SELECT seq FROM body WHERE tag = ANY($1::bytea[])", tags)
            seqs = [row["seq"] for row in rows]
            if seqs:
                await self._take(seqs, Kind.ERASURE)
            await self._connection.execute("DELETE FROM erasure WHERE tag = ANY($1::bytea[])", tags)
            await self._mark({"erasure"})
            return len(seqs)

    async def expire(self, seqs: Sequence[int], until: str) -> int:
        """Deletes those of the bodies that are still there; none is of a day after `until`."""
        async with self._writer.locked():
            present = await self._present(seqs)
            if present:
                await self._take(present, Kind.RETENTION, until)
            return len(present)

    async def forget_requests(self) -> None:
        """Drops the waiting requests: nothing is left that they could ask for."""
        async with self._writer.locked():
            await self._connection.execute("DELETE FROM erasure")
            await self._mark({"erasure"})

    async def _replay_some(self) -> bool:
        """One transaction of it; whether more may be left."""
        async with self._writer.locked():
            loose, settled = await self._sorted(await self._erased.rows())
            if not loose:
                await self._delete([row.seq for row in settled])
                return False
            kind, until = loose[0].kind, loose[0].until
            seqs = [row.seq for row in loose if (row.kind, row.until) == (kind, until)]
            await self._take(seqs, Kind(kind), until)
            return True

    async def _sorted(self, rows: Sequence[Erased]) -> tuple[list[Erased], list[Erased]]:
        """Of the rows that belong to this chain, those no entry of it accounts for, and the others."""
        known = await self._commitments({row.seq for row in rows} | {row.by_seq for row in rows})
        here = [row for row in rows if known.get(row.seq) == row.commitment]
        settled = {row for row in here if known.get(row.by_seq) == row.by_commitment}
        return [row for row in here if row not in settled], [row for row in here if row in settled]

    async def _take(self, seqs: Sequence[int], kind: Kind, until: str = "") -> None:
        body: dict[str, Value] = {"n": len(seqs)}
        if until:
            body["until"] = until
        entries = await self._writer.seal([Event(kind, self._today, body)])
        known = await self._commitments(set(seqs))
        await self._erased.note(known.items(), entries[0], self._today)
        await self._delete(seqs)
        await self._writer.write(entries)

    async def _delete(self, seqs: Sequence[int]) -> None:
        rows = await self._connection.fetch("DELETE FROM body WHERE seq = ANY($1::bigint[]) RETURNING day", list(seqs))
        await self._mark({name_of(row["day"]) for row in rows})

    async def _mark(self, names: Collection[str]) -> None:
        """These tables hold bytes of deleted rows now."""
        rows = [(name,) for name in sorted(names)]
        await self._connection.executemany("INSERT INTO unclean (name) VALUES ($1)", rows)

    async def _commitments(self, seqs: set[int]) -> dict[int, bytes]:
        rows = await self._connection.fetch(
            "SELECT seq, commitment FROM chain WHERE seq = ANY($1::bigint[])", sorted(seqs)
        )
        return {row["seq"]: row["commitment"] for row in rows}

    async def _present(self, seqs: Sequence[int]) -> list[int]:
        rows = await self._connection.fetch("SELECT seq FROM body WHERE seq = ANY($1::bigint[])", list(seqs))
        return [row["seq"] for row in rows]


async def expired(connection: Connection, rule: Retention, today: int) -> AsyncGenerator[list[int], None]:
    """Numbers of the bodies that have been kept long enough, some at a time; in a transaction. Raises ChainBroken."""
    cut_off = rule.cut_off(today)
    seqs: list[int] = []
    async for subject in _subjects(connection, _OLD.format(day=iso_day(cut_off))):
        if rule.ended((day, kind_of(seq, kind), body_of(seq, text)) for _, seq, day, kind, text in subject) <= cut_off:
            seqs += [seq for _, seq, *_ in subject]
        if len(seqs) >= MOST_AT_ONCE:
            yield seqs
            seqs = []
    yield seqs
    async for rows in pages(connection, _OLD_REFUSALS.format(day=iso_day(rule.refused_by(today)))):
        yield [row["seq"] for row in rows]


async def everything(connection: Connection) -> AsyncGenerator[list[int], None]:
    """Numbers of all bodies that may ever be deleted, some at a time, within a transaction."""
    async for rows in pages(connection, _ALL):
        yield [row["seq"] for row in rows]


async def pages(connection: Connection, query: str, most: int = MOST_AT_ONCE) -> AsyncGenerator[list[Any], None]:
    """The rows that `query` finds, `most` at a time, by a cursor of the transaction that `connection` is in."""
    await connection.execute(f"DECLARE pages NO SCROLL CURSOR FOR {query}", timeout=LONG)
    while rows := await connection.fetch(f"FETCH {most} FROM pages", timeout=LONG):
        yield rows
    await connection.execute("CLOSE pages")


async def _subjects(connection: Connection, query: str) -> AsyncGenerator[list[Any], None]:
    """The rows of one subject after the other."""
    rest: list[Any] = []
    async for rows in pages(connection, query):
        *whole, rest = [list(group) for _, group in groupby([*rest, *rows], lambda row: row["tag"])]
        for subject in whole:
            yield subject
    if rest:
        yield rest
