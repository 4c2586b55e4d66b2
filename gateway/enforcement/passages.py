"""Passages of pages already rewritten: what comes again, in this page or another, is looked up and not judged anew.

The pages of a shop share most of their bytes. A passage begins and ends where the tokenizer is between two tokens,
in text. Where one ends follows from the bytes alone, and where a page has differed from others, the beginning of a
passage that is known is looked for. What stands for a passage depends on it, on the rules of the page and on the
state of what is put in (`Placement.state`), on nothing else; what cannot be repeated so is never remembered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakSet

if TYPE_CHECKING:
    from gateway.enforcement.edit import Count, Edit
    from gateway.enforcement.embed import Embed

SHORTEST: Final = 256
"""Bytes of a passage before an end is looked for."""
_LONGEST: Final = 1 << 18
_MARK: Final = b'">'
_WINDOW: Final = 4096
HEAD: Final = 32
"""Bytes by which the beginning of a passage is known again."""
ROW: Final = 16
"""As many known passages that come one behind another become one."""
_MOST_JOINS: Final = 2
FAR: Final = 4096
"""Within so many bytes something known is expected behind something new."""
_PATIENCE: Final = 2
_MOST_SEEN: Final = 65_536
OVERHEAD: Final = 640
"""About as many bytes as what is kept needs beside its text."""


class Passage(NamedTuple):
    """What stands for a `text` of a page, None for itself, and what is to be counted and told each time."""

    text: bytes
    output: bytes | None = None
    counts: tuple[tuple[Count, int], ...] = ()
    met: tuple[str, ...] = ()
    embeds: tuple[Embed, ...] = ()


def joined(row: Sequence[Passage]) -> Passage:
    """One passage for several that follow each other."""
    changed = any(passage.output is not None for passage in row)
    counts: Counter[Count] = Counter()
    for passage in row:
        counts.update(dict(passage.counts))
    return Passage(
        b"".join([passage.text for passage in row]),
        b"".join([passage.text if passage.output is None else passage.output for passage in row]) if changed else None,
        tuple(counts.items()),
        tuple(host for passage in row for host in passage.met),
        tuple(embed for passage in row for embed in passage.embeds),
    )


class Known:
    """Passages by their bytes; by the bytes up to the first end they could have had, the length of others.

    `after` is the passage that was found behind another the last time, `beyond` the one that was found behind
    something new behind it: guesses, to be compared with the page. `joins` tells how often the guess behind a
    passage was made of several: pages that differ there would have it made again and again.
    """

    __slots__ = ("_begin", "_by_bytes", "after", "beyond", "joins")

    def __init__(self) -> None:
        self.after: dict[bytes, Passage] = {}
        self.beyond: dict[bytes, Passage] = {}
        self.joins: dict[bytes, int] = {}
        self._by_bytes: dict[bytes, Passage | int] = {}
        self._begin: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._by_bytes)

    def find(self, data: bytes, start: int, stop: int) -> tuple[bytes, Passage | None]:
        """The bytes from `start` that are looked up, and what stands for them, `stop` being their earliest end."""
        piece = data[start:stop]
        passage = self._by_bytes.get(piece)
        if passage is None or isinstance(passage, Passage):
            return piece, passage
        longer = data[start : start + passage]
        passage = self._by_bytes.get(longer)
        return (longer, passage) if isinstance(passage, Passage) else (piece, None)

    def next(self, data: bytes, start: int, stop: int) -> int:
        """The first place behind `start` and before `stop` where something known begins; `stop` if there is none."""
        begin = self._begin
        place = data.find(_MARK, start + 1, stop) + len(_MARK)
        while len(_MARK) <= place < stop:
            if data[place : place + HEAD] in begin:
                last = end(data, place)
                if last >= 0 and self.find(data, place, last)[1] is not None:
                    return place
            place = data.find(_MARK, place, stop) + len(_MARK)
        return stop

    def expect(self, passage: Passage, before: bytes, lead: bytes) -> None:
        """`passage` was found behind `before`, or behind something new behind `lead`; either may be nothing."""
        if before:
            self.after[before] = passage
        elif lead:
            self.beyond[lead] = passage

    def add(self, first: bytes, passage: Passage) -> None:
        """`passage` stands for its text, which was looked up as `first`."""
        whole = passage.text
        if len(whole) != len(first):
            self._by_bytes[first] = len(whole)
        self._by_bytes[whole] = passage
        self._begin.add(whole[:HEAD])


def end(data: bytes, start: int) -> int:
    """Where the passage that begins at `start` may end at the earliest; -1 where `data` is too short for one.

    Where the data end before that, it is behind the last tag of them.
    """
    first = start + SHORTEST
    if first < 0:
        first = 0
    mark = data.find(_MARK, first, first + _WINDOW)
    if mark >= 0:
        return mark + 2
    if (late := data.find(b">", first + _WINDOW)) >= 0:
        return late + 1
    last = data.rfind(b">", max(start, 0)) + 1
    return last if last - start >= HEAD else -1


class Memory:
    """Room for what is remembered of all pages: `limit` bytes.

    Of pages that are more than that a part stays known. When much more has found no room, the pages have become
    others: everything is forgotten.
    """

    def __init__(self, limit: int = 128 << 20) -> None:
        self._limit = limit
        self._held = 0
        self._refused = 0
        self._parts: WeakSet[Remembered] = WeakSet()

    def part(self) -> Remembered:
        """What is remembered under one policy."""
        part = Remembered(self)
        self._parts.add(part)
        return part

    def take(self, size: int) -> bool:
        """Whether `size` bytes more may be remembered."""
        if self._held + size > self._limit:
            self._refused += size
            if self._refused < _PATIENCE * self._limit:
                return False
            self._held = self._refused = 0
            for part in self._parts:
                part.forget()
        self._held += size
        return True


class Remembered:
    """What is known under one policy: of start tags, of scripts and style sheets, and of whole passages.

    Start tags are kept at once, longer texts from the second time on that they come.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.tags: dict[tuple[bool, bytes], Any] = {}
        """The edits of start tags already judged, in `noscript` and outside."""
        self.passed: tuple[set[bytes], set[bytes]] = (set(), set())
        """Start tags that need nothing and after which nothing is read differently, outside of `noscript` and in it."""
        self.contents: dict[tuple[bytes, bytes], Edit | None] = {}
        """The edits of scripts and style sheets, by their start tag and their text."""
        self._passages: dict[Hashable, Known] = {}
        self._seen: set[int] = set()

    def came_before(self, text: Hashable) -> bool:
        """Whether this was asked of `text` before."""
        mark = hash(text)
        if mark in self._seen:
            return True
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(mark)
        return False

    def take(self, size: int) -> bool:
        """Whether something of that size may be kept; then there is room for it."""
        return size <= _LONGEST and self._memory.take(size)

    def passages(self, state: Hashable) -> Known:
        """What is known of pages in this state; changes as more is."""
        known = self._passages.get(state)
        if known is None:
            known = Known()
            if self.take(OVERHEAD):
                self._passages[state] = known
        return known

    def remember(self, known: Known, first: bytes, passage: Passage) -> None:
        """Keep `passage`, whose text was looked up as `first`, a text that came before."""
        whole = passage.text
        if known.find(whole, 0, len(whole))[1] is not None:  # behind its beginning pages go on differently
            known.add(first, passage)
            return
        size = len(whole) + len(passage.output or b"") + OVERHEAD
        if len(whole) != len(first):
            size += len(first)
        if (len(whole) == len(first) or self.came_before(whole)) and self.take(size):
            known.add(first, passage)

    def join(self, known: Known, row: Sequence[Passage]) -> None:
        """Expect all that followed the first of `row` as one passage behind it from now on."""
        before, tries = row[0].text, known.joins.get(row[0].text, 0)
        if tries < _MOST_JOINS:
            known.joins[before] = tries + 1
            passage = joined(row[1:])
            if self.take(len(passage.text) + len(passage.output or b"") + OVERHEAD):
                known.after[before] = passage

    def forget(self) -> None:
        """Begin anew."""
        self.tags.clear()
        self.contents.clear()
        self._passages.clear()
        for kept in (self._seen, *self.passed):
            kept.clear()
