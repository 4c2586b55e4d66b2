"""The whole record as a stream of lines: for an importer, for an auditor, as consent records or as receipts.

One pass, whatever its length; the chain is verified on the way, so a broken record breaks off where it is broken.
Memory grows with the notices, not with the entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

from gateway.ledger.base import Ledger
from gateway.model.chain import ChainCheck
from gateway.model.disclosure import Disclosure, read
from gateway.model.entry import CHOICES, Entry
from gateway.model.exchange import end_line, entry_line, header_line, text_line
from gateway.model.iso27560 import consent_record
from gateway.model.joined import Joined, Known, is_receiptable
from gateway.model.kantara import consent_receipt

CHUNK: Final = 64 * 1024
"""Bytes after which a piece is handed out."""

_TEXTS: Final = ("notice_sha256", "ui_sha256", "configuration", "catalogue", "templates")
_encode = msgspec.json.Encoder().encode


class Format(StrEnum):
    """What the record can be exported as."""

    JSONL = "jsonl"
    ISO27560 = "iso27560"
    KANTARA = "kantara"


async def nobody() -> None:
    """Says nothing to anybody."""


@dataclass
class Export:
    """One export of `ledger`. The counts are complete once `pieces` has ended.

    `in_force` gives for a locale what the notice in force says; an entry of another revision is joined with what is
    archived of that one. `announce` is awaited before anything is read, so that reading can be noted first (R-167);
    `progress` is told now and then how many entries are done.
    """

    ledger: Ledger
    format: Format = Format.JSONL
    in_force: Callable[[str], Disclosure] | None = None
    announce: Callable[[], Awaitable[None]] = nobody
    progress: Callable[[int], None] = lambda done: None
    entries: int = 0
    written: int = 0
    deleted: int = 0
    anonymous: int = 0
    withheld: int = 0
    _notices: dict[tuple[str, int], tuple[Disclosure, Known]] = field(default_factory=dict)
    _texts: set[str] = field(default_factory=set)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Whole lines, some at a time. Raises ChainBroken where the record is, and LedgerUnavailable."""
        await self.announce()
        lines = self._exchange() if self.format is Format.JSONL else self._receipts()
        waiting: list[bytes] = []
        size = 0
        async with aclosing(lines):
            async for line in lines:
                waiting.append(line)
                size += len(line)
                if size >= CHUNK:
                    yield b"".join(waiting)
                    self.progress(self.entries)
                    waiting, size = [], 0
        yield b"".join(waiting)
        self.progress(self.entries)

    async def _exchange(self) -> AsyncGenerator[bytes, None]:
        check = ChainCheck()
        yield header_line()
        async with aclosing(self._checked(check)) as entries:
            async for entry in entries:
                async for text in self._new_texts(entry):
                    yield text_line(text)
                self.written += 1
                yield entry_line(entry)
        yield end_line(check.seq, check.head)

    async def _receipts(self) -> AsyncGenerator[bytes, None]:
        make = consent_record if self.format is Format.ISO27560 else consent_receipt
        withheld = await self.ledger.withheld()
        async with aclosing(self._checked(ChainCheck())) as entries:
            async for entry in entries:
                if not is_receiptable(entry):
                    self.anonymous += entry.kind in CHOICES and entry.body is not None
                    continue
                if entry.seq in withheld:
                    self.withheld += 1
                    continue
                joined = Joined.of(entry, *await self._said(entry.body))
                if joined is not None:
                    self.written += 1
                    yield _encode(make(joined)) + b"\n"

    async def _checked(self, check: ChainCheck) -> AsyncGenerator[Entry, None]:
        async with aclosing(self.ledger.entries()) as entries:
            async for entry in entries:
                check.feed(entry)
                self.entries += 1
                self.deleted += entry.body is None
                yield entry
        check.finish()

    async def _new_texts(self, entry: Entry) -> AsyncIterator[bytes]:
        for sha256 in _texts_of(entry):
            if sha256 not in self._texts:
                self._texts.add(sha256)
                text = await self.ledger.text(sha256)
                if text is not None:
                    yield text

    async def _said(self, body: Any) -> tuple[Disclosure, Known]:
        """What the notice of that body said, and how that is known."""
        key = (body["notice_sha256"], body["notice_rev"])
        if key not in self._notices:
            self._notices[key] = await self._find(*key, body["locale"])
        return self._notices[key]

    async def _find(self, sha256: str, rev: int, locale: str) -> tuple[Disclosure, Known]:
        text = await self.ledger.text(sha256)
        archived = None if text is None else read(text)
        if archived is not None:
            return archived, Known.ARCHIVE
        now = self.in_force(locale) if self.in_force else None
        if now is not None and now.rev == rev:
            return now, Known.CONFIGURATION
        return Disclosure(rev=rev, locale=locale), Known.UNKNOWN


def _texts_of(entry: Entry) -> Iterator[str]:
    body = entry.body or {}
    return (str(body[key]) for key in _TEXTS if key in body)


async def tally(ledger: Ledger) -> list[dict[str, object]]:
    """The record without identities: for every revision of the notice, how many entries of which kind, and when.

    What is deleted has no revision any more, the record's own housekeeping never had one: both stand under null.
    """
    check = ChainCheck()
    kinds: dict[int | None, Counter[str]] = {}
    days: dict[int | None, tuple[str, str]] = {}
    async with aclosing(ledger.entries()) as entries:
        async for entry in entries:
            check.feed(entry)
            rev = (entry.body or {}).get("notice_rev")
            key = rev if isinstance(rev, int) else None
            kinds.setdefault(key, Counter())[entry.kind.value if entry.body is not None else "deleted"] += 1
            first, last = days.get(key, (entry.day, entry.day))
            days[key] = (min(first, entry.day), max(last, entry.day))
    check.finish()
    return [
        {
            "notice_rev": key,
            "first_day": days[key][0],
            "last_day": days[key][1],
            "entries": counts.total(),
            "kinds": dict(sorted(counts.items())),
        }
        for key, counts in sorted(kinds.items(), key=lambda item: item[0] or 0)
    ]
