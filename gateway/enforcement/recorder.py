"""One page on its way, passage by passage."""

from __future__ import annotations

from collections import Counter

from gateway.enforcement.edit import Count
from gateway.enforcement.injection import Placement
from gateway.enforcement.passages import Known, Passage, Remembered, end


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
        self._records = False
        self._known = Known()
        self._state = place.state
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
        self._records = False

    def goes_on(self, data: bytes, taken: int) -> None:
        """From now on positions are those of `data`, which begins `taken` bytes after what came before."""
        self._begin -= taken
        self._out = 0
        found = end(data, self._begin)
        self.limit = found if found >= 0 else len(data)

    def follow(self, data: bytes, position: int, out: list[bytes]) -> int:
        """Between two tokens, in text, at `limit` or behind it: the position after what is known from here on."""
        state = self._place.state
        if self._records and 0 <= self._begin < position and state == self._state:
            self._remember(data[self._begin : position], out)
        known = self._known = self._remembered.passages(state)
        find, after, again = known.find, known.after, False
        before = b""
        while True:
            passage = after.get(before)
            if passage is None or not data.startswith(passage.text, position):
                stop = end(data, position)
                if stop < 0:
                    self.limit = len(data)
                    break
                piece, passage = find(data, position, stop)
                if passage is None:
                    self._first = piece
                    again = self._remembered.came_before(piece)
                    self.limit = known.next(data, position, stop)
                    break
                if before:
                    after[before] = passage
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
        self._records = again
        if again:
            self._state = state
            self._out = len(out)
            self._before = dict(self._counts), dict(self._met), len(self._place.embeds)
        return position

    def _remember(self, whole: bytes, out: list[bytes]) -> None:
        output = b"".join(out[self._out :])
        counts, met, embeds = self._before
        passage = Passage(
            whole,
            None if output == whole else output,
            tuple((self._counts - Counter(counts)).items()),
            tuple((self._met - Counter(met)).elements()),
            tuple(self._place.embeds[embeds:]),
        )
        self._remembered.remember(self._known, self._first, passage)
