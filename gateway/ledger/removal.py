"""Deletes bodies so that the record accounts for it.

Under the record's write lock, in this order: the list of erased numbers; the bodies, with the body of the entry that
accounts for them; the chain row of that entry. A crash in between leaves numbers on the list whose entry is not in the
chain: `replay` removes those bodies again and accounts for them anew. It does the same when an older backup comes back,
of the bodies alone or of both files.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from itertools import groupby
from operator import itemgetter

import aiosqlite

from gateway.ledger.erased import Erased, ErasedList
from gateway.ledger.pair import Change, FilePair
from gateway.ledger.rows import body_of, kind_of
from gateway.model.entry import Event, Kind, Value, iso_day
from gateway.model.retention import Retention

MOST_AT_ONCE = 1000
"""Subjects or bodies in one transaction, so that nobody waits long for the lock."""

_WAITING = f"SELECT tag FROM erasure ORDER BY tag LIMIT {MOST_AT_ONCE}"  # noqa: S608
_LISTED = "(SELECT value FROM json_each(?))"
_MARK = ("INSERT INTO unclean DEFAULT VALUES", [()])
# CROSS JOIN: the few old rows of the chain first, then their bodies; SQLite would go through all bodies.
_OLD = """
    SELECT tag, seq, day, kind, body FROM chain CROSS JOIN bodies.body AS old USING (seq)
    WHERE day <= :day AND tag IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM bodies.body AS newer JOIN chain AS place USING (seq)
        WHERE newer.tag = old.tag AND place.day > :day
    )
    ORDER BY tag, seq
"""
_OLD_REFUSALS = """
    SELECT seq FROM chain CROSS JOIN bodies.body USING (seq) WHERE day <= ? AND kind = 'refuse' ORDER BY seq
"""
_ALL = """
    SELECT seq FROM chain JOIN bodies.body USING (seq)
    WHERE kind IN ('grant', 'change', 'withdraw', 'refuse', 'gpc') ORDER BY seq
"""


class Remover:
    """Removes from an open `pair`; nothing else may use it meanwhile. `today` is the UTC epoch day.

    Raises sqlite3.Error, OSError and LedgerUnavailable; the pair is done for then.
    """

    def __init__(self, pair: FilePair, erased: ErasedList, today: int) -> None:
        self._pair = pair
        self._erased = erased
        self._today = today

    async def replay(self) -> None:
        """Removes what is on the list, should it be there again, and accounts for what nothing accounts for."""
        if await self._erased.rows():
            while await self._replay_some():
                pass

    async def erase(self) -> int | None:
        """A part of what visitors asked for: the number of bodies, None when nobody waits any more."""
        bodies = self._pair.bodies
        async with self._pair.locked():
            tags = [tuple(row) for row in await bodies.execute_fetchall(_WAITING)]
            if not tags:
                return None
            rows = await bodies.execute_fetchall(f"SELECT seq FROM body WHERE tag IN ({_WAITING})")  # noqa: S608
            seqs = [seq for (seq,) in rows]
            await self._take(seqs, Kind.ERASURE, also=[("DELETE FROM erasure WHERE tag = ?", tags)])
            return len(seqs)

    async def expire(self, seqs: Sequence[int], until: str) -> int:
        """Deletes those of the bodies that are still there; none is of a day after `until`."""
        async with self._pair.locked():
            present = await self._present(seqs)
            if present:
                await self._take(present, Kind.RETENTION, until)
            return len(present)

    async def forget_requests(self) -> None:
        """Drops the waiting requests: nothing is left that they could ask for."""
        async with self._pair.locked():
            await self._pair.change(("DELETE FROM erasure", [()]), _MARK)

    async def _replay_some(self) -> bool:
        """One transaction of it; whether more may be left."""
        async with self._pair.locked():
            loose, settled = await self._sorted(await self._erased.rows())
            if not loose:
                back = await self._present([row.seq for row in settled])
                if back:
                    await self._pair.change(_deleting(back), _MARK)
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

    async def _take(self, seqs: Sequence[int], kind: Kind, until: str = "", also: Sequence[Change] = ()) -> None:
        if not seqs:
            await self._pair.change(*also, _MARK)
            return
        body: dict[str, Value] = {"n": len(seqs)}
        if until:
            body["until"] = until
        entries = await self._pair.seal([Event(kind, self._today, body)])
        known = await self._commitments(set(seqs))
        await self._erased.note(known.items(), entries[0], self._today)
        await self._pair.write(entries, [_deleting(seqs), *also, _MARK])

    async def _commitments(self, seqs: set[int]) -> dict[int, bytes]:
        query = f"SELECT seq, commitment FROM chain WHERE seq IN {_LISTED}"  # noqa: S608
        rows = await self._pair.chain.execute_fetchall(query, (json.dumps(sorted(seqs)),))
        return {row[0]: row[1] for row in rows}

    async def _present(self, seqs: Sequence[int]) -> list[int]:
        query = f"SELECT seq FROM body WHERE seq IN {_LISTED}"  # noqa: S608
        rows = await self._pair.bodies.execute_fetchall(query, (json.dumps(list(seqs)),))
        return [seq for (seq,) in rows]


async def expired(readers: aiosqlite.Connection, rule: Retention, today: int) -> AsyncGenerator[list[int], None]:
    """Numbers of the bodies that have been kept long enough, some at a time. Raises ChainBroken, sqlite3.Error."""
    cut_off = rule.cut_off(today)
    seqs: list[int] = []
    cursor = await readers.execute(_OLD, {"day": iso_day(cut_off)})
    async for subject in _subjects(cursor):
        if rule.ended((day, kind_of(seq, kind), body_of(seq, text)) for _, seq, day, kind, text in subject) <= cut_off:
            seqs += [seq for _, seq, *_ in subject]
        if len(seqs) >= MOST_AT_ONCE:
            yield seqs
            seqs = []
    yield seqs
    async for chunk in _chunks(await readers.execute(_OLD_REFUSALS, (iso_day(rule.refused_by(today)),))):
        yield chunk


async def everything(readers: aiosqlite.Connection) -> AsyncGenerator[list[int], None]:
    """Numbers of all bodies that may ever be deleted, some at a time."""
    async for chunk in _chunks(await readers.execute(_ALL)):
        yield chunk


_Found = tuple[bytes, int, str, str, str]


async def _subjects(cursor: aiosqlite.Cursor) -> AsyncGenerator[list[_Found], None]:
    """The rows of one subject after the other."""
    rest: list[_Found] = []
    while rows := [tuple(row) for row in await cursor.fetchmany(MOST_AT_ONCE)]:
        *whole, rest = [list(group) for _, group in groupby([*rest, *rows], itemgetter(0))]
        for subject in whole:
            yield subject
    if rest:
        yield rest


async def _chunks(cursor: aiosqlite.Cursor) -> AsyncGenerator[list[int], None]:
    while rows := await cursor.fetchmany(MOST_AT_ONCE):
        yield [seq for (seq,) in rows]


def _deleting(seqs: Sequence[int]) -> Change:
    return "DELETE FROM body WHERE seq = ?", [(seq,) for seq in seqs]
