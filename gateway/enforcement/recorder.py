"""One page on its way, passage by passage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable
from typing import Final

from gateway.enforcement import scanner
from gateway.enforcement.edit import Count
from gateway.enforcement.injection import Placement
from gateway.enforcement.passages import FAR, HEAD, ROW, Known, Passage, Remembered, end

_PLACES: Final = re.compile(rb"</?(?:body|head|html)[\t\n\x0c\r />]", re.IGNORECASE)


class Recorder:
    """Follows one page from passage to passage: gives out those that are known, and remembers the others.

    `place`, `counts` and `met` are the page's own; what a known passage did to them it does again.
    """

    def __init__(self, remembered: Remembered, place: Placement, counts: Counter[Count], met: Counter[str]) -> None:
        self._remembered = remembered
        self._place = place
        self._counts = counts
        self._met = met
        self._begin = -(1 << 40)
        self.records = False
        """Whether the passage being read will be remembered."""
        self._known = Known()
        self._state, self._shown = place.state, place.shown
        self._out = 0
        self._before: tuple[dict[Count, int], dict[str, int], int] = ({}, {}, 0)
        self._first = b""
        self.limit = 0
        """Where the passage being read may end at the earliest; the end of the data where that is not known yet."""

    def use(self, remembered: Remembered) -> None:
        """Other rules hold from here on."""
        self._remembered = remembered
        self.lose()

    def lose(self) -> None:
        """The passage being read cannot be remembered."""
        self.records = False

    def goes_on(self, data: bytes, taken: int) -> None:
        """From now on positions are those of `data`, which begins `taken` bytes after what came before."""
        self._begin -= taken
        self._out = 0
        found = end(data, self._begin)
        self.limit = found if found >= 0 else len(data)

    def pause(self, data: bytes, stop: int, out: list[bytes]) -> None:
        """Before the tag at `stop`: where it is one next to which something of ours may stand, the passage ends."""
        if _PLACES.match(data, stop):
            self._end(data, stop, self._place.state, out)
            self.records = False

    def follow(self, data: bytes, position: int, out: list[bytes]) -> int:
        """Between two tokens, in text, at `limit` or behind it: the position after what is known from here on.

        What is new is left to be read, up to `limit`, unless there is no token in it that matters.
        """
        state = self._place.state
        if self.records:
            self._end(data, position, state, out)
        known = self._known = self._remembered.passages(state)
        self.records = False
        row: list[Passage] = []
        before = b""
        while True:
            passage = known.after.get(before)
            if passage is None or not data.startswith(passage.text, position):
                row = []
                position, passage = self._look(known, before, data, position, out)
                if passage is None:
                    break
            elif len(row) > ROW:
                self._remembered.join(known, row)
                row = row[-1:]
            row.append(passage)
            before, output, counts, met, embeds = passage
            out.append(before if output is None else output)
            for count, number in counts:
                self._counts[count] += number
            if met:
                self._met.update(met)
            for embed in embeds:
                self._place.withheld(embed)
            position += len(before)
        self._begin = position
        if self.records:
            self._state, self._shown = state, self._place.shown
            self._out = len(out)
            self._before = dict(self._counts), dict(self._met), len(self._place.embeds)
        return position

    def _look(
        self, known: Known, before: bytes, data: bytes, position: int, out: list[bytes]
    ) -> tuple[int, Passage | None]:
        """The next passage that is known, behind `before` and what is new but has no token that matters; its position.

        None where something has to be read first.
        """
        passed, in_body, lead = self._remembered.passed[False], not self._place.before_body, b""
        passage = known.beyond.get(before)
        if passage is not None:
            # Looked for by its beginning: a search for all of it would prepare itself for longer than it takes.
            limit = data.find(passage.text[:HEAD], position, position + FAR)
            if (
                limit >= 0
                and data.startswith(passage.text, limit)
                and scanner.run_over(data, position, limit, passed) >= limit
            ):
                out.append(data[position:limit])
                return limit, passage
        while (stop := end(data, position)) >= 0:
            piece, passage = known.find(data, position, stop)
            if passage is not None:
                known.expect(passage, before, lead)
                return position, passage
            again = self._remembered.came_before(piece)
            limit = known.next(data, position, stop)
            if not in_body or scanner.run_over(data, position, limit, passed) < limit:
                self._first, self.limit, self.records = piece, limit, again
                return position, None
            passage = Passage(data[position:limit])
            if again:
                self._remembered.remember(known, piece, passage)
            out.append(passage.text)
            position, lead, before = limit, lead or before, b""
        self.limit = len(data)
        return position, None

    def _end(self, data: bytes, stop: int, state: Hashable, out: list[bytes]) -> None:
        """The passage being read ends at `stop`: remember it if nothing in it was of this page alone."""
        if not 0 <= self._begin < stop or state != self._state or self._place.shown != self._shown:
            return
        whole, output = data[self._begin : stop], b"".join(out[self._out :])
        counts, met, embeds = self._before
        passage = Passage(
            whole,
            None if output == whole else output,
            tuple((self._counts - Counter(counts)).items()),
            tuple((self._met - Counter(met)).elements()),
            tuple(self._place.embeds[embeds:]),
        )
        self._remembered.remember(self._known, self._first, passage)
