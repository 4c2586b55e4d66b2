"""A legal claim that keeps evidence from being deleted, for a reason and for a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """Erasure and retention keep bodies up to and including the UTC epoch day `until` (R-140).

    What a visitor asked to be erased is not used meanwhile. `reason` is shown to the visitor who asks.
    """

    reason: str
    until: int

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a hold needs a reason")

    def in_force(self, today: int) -> bool:
        """Whether bodies stay on `today`."""
        return today <= self.until
