"""The rates, each with the words that stand beside it (R-152). They are made of counts that are told, never of others.

`shown` counts displays, not people; a banner that is closed is no choice, a partial choice is `save`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

Numbers = Mapping[str, int]


class Formula(NamedTuple):
    """A rate: `over` the counts it is a fraction of, `above` those it counts; `rest` for one minus that."""

    name: str
    text: str
    above: str
    over: str
    rest: bool = False


RATES: Final = (
    Formula("interaction", "decisions / shown", "decisions", "shown"),
    Formula("no_choice", "1 - decisions / shown", "decisions", "shown", rest=True),
    Formula("acceptance", "accept_all / decisions", "accept_all", "decisions"),
)
CATEGORY_RATES: Final = (
    Formula("category_rate", "granted / decisions", "granted", "decisions"),
    Formula("consented_share", "granted / shown", "granted", "shown"),
)
DECISIONS: Final = "decisions = accept_all + refuse_all + save, made on the banner"


def rate(formula: Formula, periods: Sequence[Numbers]) -> float | None:
    """The rate over those of the `periods` that tell both counts; None if none does. Never above 1.

    More decisions than displays come about: a page shown on Sunday is answered on Monday.
    """
    both = [period for period in periods if formula.above in period and formula.over in period]
    whole = sum(period[formula.over] for period in both)
    if not whole:
        return None
    share = min(1.0, sum(period[formula.above] for period in both) / whole)
    return round(1 - share if formula.rest else share, 3)


