"""One person's frozen choice, as the signed cookie carries it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.model.categories import OPTIONAL, Category


@dataclass(frozen=True, slots=True)
class Choice:
    """What was granted and refused, when, and under which revision of the notice.

    Days are UTC days since the epoch. A category in neither set was not decided. Every grant counts
    from `day`, a refusal from its own day: `refused_day`, unless `later` names another for it. With
    nothing granted `day` equals `refused_day` and `id` is empty: a refusal identifies nobody.
    """

    granted: frozenset[Category]
    refused: frozenset[Category]
    day: int
    refused_day: int
    rev: int
    override: bool = False
    id: str = ""
    later: tuple[tuple[Category, int], ...] = ()

    def refused_on(self, category: Category) -> int:
        """The day on which `category` was refused; meaningful for the refused ones only."""
        return dict(self.later).get(category, self.refused_day)

    def refusals(self) -> dict[Category, int]:
        """Each refused category with the day of its refusal."""
        return {category: self.refused_on(category) for category in OPTIONAL if category in self.refused}

    @property
    def empty(self) -> bool:
        """Nothing granted, nothing refused: there is nothing to store."""
        return not self.granted and not self.refused

    def withdraw(self, categories: Iterable[Category], today: int) -> Choice:
        """The same choice with `categories` refused today; no other clock moves."""
        gone = frozenset(categories)
        refusals = self.refusals() | dict.fromkeys(sorted(gone), today)
        return make_choice(
            self.granted - gone, refusals, self.day, self.rev, override=self.override, id=self.id
        )

    def without_grants(self) -> Choice:
        """What is left when the grants have lapsed: the refusals, and no id."""
        return make_choice(frozenset(), self.refusals(), self.day, self.rev)

    def stricter(self, other: Choice) -> Choice:
        """The stricter of two per category: refused before undecided before granted; earlier grants."""
        theirs = other.refusals()
        refusals = theirs | {c: max(d, theirs.get(c, d)) for c, d in self.refusals().items()}
        return make_choice(
            self.granted & other.granted,
            refusals,
            min(self.day, other.day),
            min(self.rev, other.rev),
            override=self.override and other.override,
            id=self.id,
        )


def make_choice(
    granted: frozenset[Category],
    refusals: Mapping[Category, int],
    day: int,
    rev: int,
    *,
    override: bool = False,
    id: str = "",
) -> Choice:
    """A choice in its normal form, so that equal choices are equal objects.

    `refusals` gives each refused category its day; a refusal wins over a grant of the same category.
    """
    kept = granted - frozenset(refusals)
    first = min(refusals.values(), default=day)
    later = tuple((c, refusals[c]) for c in OPTIONAL if refusals.get(c, first) != first)
    choice = Choice(kept, frozenset(refusals), day, first, rev, override, id, later)
    return choice if kept else replace(choice, day=first, override=False, id="")


def refuse_all(day: int, rev: int) -> Choice:
    """The full refusal of `day`: the same for everybody who refuses that day."""
    return make_choice(frozenset(), dict.fromkeys(OPTIONAL, day), day, rev)
