"""Which withdrawals by a signal have been told: a page and its images arrive together, all with the old cookie."""

from __future__ import annotations

from typing import Final

from gateway.model.choice import Choice

_MOST: Final = 4096


class Withdrawals:
    """Remembers of each id the choice that a signal has cut; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._cut: dict[str, Choice] = {}

    def __len__(self) -> int:
        return len(self._cut)

    def first(self, choice: Choice) -> bool:
        """Whether it is news that a signal withdraws grants from the stored `choice`."""
        if self._cut.get(choice.id) == choice:
            return False
        self._cut.pop(choice.id, None)
        self._cut[choice.id] = choice
        if len(self._cut) > _MOST:
            del self._cut[next(iter(self._cut))]
        return True

    def granted(self, id: str) -> None:
        """The visitor has granted anew; on the same day that is the same choice, which a signal can cut again."""
        self._cut.pop(id, None)
