"""Passages of pages already rewritten: what comes again, in this page or another, is looked up and not judged anew.

The pages of a shop share most of their bytes. A passage begins and ends where the tokenizer is between two tokens,
in text; where it ends follows from the bytes alone, so a page that differs in one place is the same again soon
after. What stands for a passage depends on it, on the rules of the page and on the state of what is put in
(`Placement.state`), on nothing else; what cannot be repeated so is never remembered.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakSet

if TYPE_CHECKING:
    from gateway.enforcement.edit import Count
    from gateway.enforcement.embed import Embed

SHORTEST: Final = 640
"""Bytes of a passage before an end is looked for."""
_LONGEST: Final = 65_536
_MARK: Final = b'">'
_WINDOW: Final = 4096
_MOST_SEEN: Final = 65_536


class Passage(NamedTuple):
    """What stands for `length` bytes of a page, None for themselves, and what is to be counted and told each time."""

    length: int
    output: bytes | None = None
    counts: tuple[tuple[Count, int], ...] = ()
    met: frozenset[str] = frozenset()
    embeds: tuple[Embed, ...] = ()


Known = dict[bytes, Passage | int]
"""Passages by their bytes; by the first bytes of a longer one, its length."""


def end(data: bytes, start: int) -> int:
    """Where the passage that begins at `start` may end at the earliest; -1 while `data` is too short to tell."""
    first = start + SHORTEST
    if first < 0:
        first = 0
    mark = data.find(_MARK, first, first + _WINDOW)
    if mark >= 0:
        return mark + len(_MARK)
    return data.find(b">", first + _WINDOW) + 1 or -1


class Memory:
    """Room for the passages of all pages: when `limit` bytes are held, everything is forgotten."""

    def __init__(self, limit: int = 32 << 20) -> None:
        self._limit = limit
        self._held = 0
        self._parts: WeakSet[Passages] = WeakSet()

    def passages(self) -> Passages:
        """A part for the pages of one policy."""
        part = Passages(self)
        self._parts.add(part)
        return part

    def take(self, size: int) -> None:
        """Called before `size` bytes are remembered."""
        if self._held + size > self._limit:
            self._held = 0
            for part in self._parts:
                part.forget()
        self._held += size


class Passages:
    """The passages known under one policy, by the state of the page they stand in."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[Hashable, Known] = {}
        self._seen: set[int] = set()

    def known(self, state: Hashable) -> Known:
        """What is known of pages in this state; changes as more is."""
        return self._known.setdefault(state, {})

    def remember(self, known: Known, first: bytes, whole: bytes, passage: Passage) -> None:
        """Keep what stands for `whole`, which begins with `first`, from the second time on that it comes."""
        mark = hash(whole)
        if mark not in self._seen:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen.add(mark)
            return
        if len(whole) > _LONGEST:
            return
        self._memory.take(len(whole) + len(passage.output or b""))
        if len(whole) > len(first):
            known[first] = len(whole)
        known[whole] = passage

    def forget(self) -> None:
        """Begin anew."""
        self._known.clear()
        self._seen.clear()
