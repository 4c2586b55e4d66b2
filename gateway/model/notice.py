"""The notice in force, and which earlier grants its revisions end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.categories import OPTIONAL, Category


@dataclass(frozen=True)
class Notice:
    """Revisions are integers from 1 to `rev`; `material` says for which categories one asks anew.

    A revision that `material` does not list has said nothing about itself and ends every grant; an
    editorial one is listed with an empty set.
    """

    rev: int = 1
    material: Mapping[int, frozenset[Category]] = field(default_factory=dict)

    def known(self, rev: int) -> bool:
        """Whether there is, or was, such a revision."""
        return 1 <= rev <= self.rev

    def void_since(self, rev: int) -> frozenset[Category]:
        """The categories whose yes, given under `rev`, no longer counts."""
        newer = range(rev + 1, self.rev + 1)
        return frozenset().union(*(self.material.get(number, OPTIONAL) for number in newer))
