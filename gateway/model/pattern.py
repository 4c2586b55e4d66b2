"""Text with `*` in it, matched in linear time whatever the visitor sends."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pattern:
    """A literal text in which each `*` stands for any run of characters, none included."""

    text: str
    parts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.text.split("*")))

    @property
    def head(self) -> str:
        """The fixed text before the first `*`; what an index can be keyed by."""
        return self.parts[0]

    @property
    def weight(self) -> int:
        """Number of fixed characters: the more there are, the more specific the pattern is."""
        return sum(map(len, self.parts))

    def matches(self, subject: str) -> bool:
        """Is `subject` as a whole of this shape?"""
        if len(self.parts) == 1:
            return subject == self.text
        tail = self.parts[-1]
        end = self._after_middle(subject, self.parts[1:-1])
        return end >= 0 and end + len(tail) <= len(subject) and subject.endswith(tail)

    def begins(self, subject: str) -> bool:
        """Does `subject` begin with this shape, at a place where a word ends?

        `/tr` begins `/tr`, `/tr/` and `/tr?id=1`, and not `/travel`; `/tr*` begins them all.
        """
        if len(self.parts) == 1:
            return subject.startswith(self.text) and self._word_ends(subject, len(self.text))
        return self._tail_found(subject)

    def _after_middle(self, subject: str, middle: tuple[str, ...]) -> int:
        """Offset behind the head and the leftmost places of `middle`, in order; -1 if one is missing."""
        if not subject.startswith(self.head):
            return -1
        at = len(self.head)
        for part in middle:
            found = subject.find(part, at)
            if found < 0:
                return -1
            at = found + len(part)
        return at

    def _tail_found(self, subject: str) -> bool:
        tail = self.parts[-1]
        at = self._after_middle(subject, self.parts[1:-1])
        if at < 0 or not tail:
            return at >= 0
        while (at := subject.find(tail, at)) >= 0:
            at += 1
            if self._word_ends(subject, at - 1 + len(tail)):
                return True
        return False

    @staticmethod
    def _word_ends(subject: str, at: int) -> bool:
        """No word runs across offset `at`: outside the subject, or letters and digits on one side only."""
        return at >= len(subject) or not (subject[at - 1 : at].isalnum() and subject[at].isalnum())
