"""The four categories, the state of one, and what a state does to an element of a page."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Category(StrEnum):
    """What a cookie, script or service is for. `NECESSARY` has no switch: it cannot be refused."""

    NECESSARY = "necessary"
    PREFERENCES = "preferences"
    STATISTICS = "statistics"
    MARKETING = "marketing"


OPTIONAL: Final = (Category.PREFERENCES, Category.STATISTICS, Category.MARKETING)
"""The categories a visitor decides about, in the order they are shown."""


class State(StrEnum):
    """What the visitor, or a signal of his browser, says about one category."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNSET = "unset"


class Fate(StrEnum):
    """What happens to an element: it stays, is parked until consent, or goes."""

    KEEP = "keep"
    HOLD = "hold"
    REMOVE = "remove"


class Source(StrEnum):
    """Who decided: a stored choice, a signal that changed something, or nobody."""

    CHOICE = "choice"
    GPC = "gpc"
    DNT = "dnt"
    NONE = "none"


_FATES: Final = {State.GRANTED: Fate.KEEP, State.UNSET: Fate.HOLD, State.REFUSED: Fate.REMOVE}


def fate_of(state: State) -> Fate:
    """The fate of an element whose category is in `state`."""
    return _FATES[state]
