"""What a stored choice and a browser's signals make of a category: the rows, and what days do to a choice.

The tests of `decide`, of the whole gateway and of the README read these tables. `python -m tests.model.truth`
prints both as they stand in the README.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gateway.model.categories import OPTIONAL, Source, State
from gateway.model.choice import Choice, make_choice, refuse_all
from gateway.model.notice import Notice
from gateway.model.signals import Signals

DAY = 20_000
ID = "a" * 22
NOTICE = Notice(2, {2: frozenset(OPTIONAL)})
"""Revision 2 is in force and asks for everything anew."""

G, R, U = State.GRANTED, State.REFUSED, State.UNSET
_ON = {"0": (False,), "1": (True,), "any": (False, True)}


class Row(NamedTuple):
    """One row: what is stored, the flag `g`, both signals; then what follows."""

    stored: str
    g: str
    gpc: str
    dnt: str
    sharing: State
    other: State
    source: Source
    banner: bool
    chip: str
    effect: str


ROWS = (
    Row("none, lapsed or revised", "–", "0", "0", U, U, Source.NONE, True, "", ""),
    Row("none, lapsed or revised", "–", "1", "any", R, U, Source.GPC, False, "GPC", ""),
    Row("none, lapsed or revised", "–", "0", "1", R, U, Source.DNT, False, "DNT", ""),
    Row("refused", "–", "0", "any", R, R, Source.CHOICE, False, "", ""),
    Row("refused", "–", "1", "any", R, R, Source.CHOICE, False, "GPC", ""),
    Row("granted", "any", "0", "any", G, G, Source.CHOICE, False, "", ""),
    Row("granted", "0", "1", "any", R, G, Source.GPC, False, "GPC", "what is shared is withdrawn for good"),
    Row("granted", "1", "1", "any", G, G, Source.CHOICE, False, "", ""),
)

_GRANT = make_choice(frozenset(OPTIONAL), {}, DAY, 2, id=ID)
_STORED: dict[tuple[str, bool], tuple[tuple[str, Choice | None], ...]] = {
    ("none, lapsed or revised", False): (
        ("none", None),
        ("lapsed grant", make_choice(frozenset(OPTIONAL), {}, DAY - 186, 2, id=ID)),
        ("lapsed refusal", refuse_all(DAY - 367, 2)),
        ("revised", make_choice(frozenset(OPTIONAL), {}, DAY, 1, id=ID)),
        ("revised, g", make_choice(frozenset(OPTIONAL), {}, DAY, 1, override=True, id=ID)),
    ),
    ("refused", False): (("refused", refuse_all(DAY, 2)), ("refused under revision 1", refuse_all(DAY, 1))),
    ("granted", False): (("granted", _GRANT),),
    ("granted", True): (
        ("granted, g", make_choice(frozenset(OPTIONAL), {}, DAY, 2, override=True, id=ID)),
    ),
}


@dataclass(frozen=True)
class Case:
    """One concrete case of a row."""

    name: str
    row: Row
    choice: Choice | None
    signals: Signals


def _cases() -> Iterator[Case]:
    """Every row with every value its words stand for."""
    for row in ROWS:
        for g in _ON.get(row.g, (False,)):
            for stored, choice in _STORED[row.stored, g]:
                for gpc in _ON[row.gpc]:
                    for dnt in _ON[row.dnt]:
                        name = f"{stored}{', GPC' * gpc}{', DNT' * dnt}"
                        yield Case(name, row, choice, Signals(gpc, dnt))


CASES = tuple(_cases())

class Age(NamedTuple):
    """On the `day` after a choice: what was granted and what was refused with it, and whether one is asked."""

    day: int
    granted: State
    refused: State
    ask: bool


AGES = (
    Age(0, G, R, False),
    Age(185, G, R, False),
    Age(186, U, R, True),
    Age(366, U, R, True),
    Age(367, U, U, True),
)


def truth_table() -> str:
    """The rows in Markdown."""
    lines = ["| stored choice | `g` | GPC | DNT | shared | not shared | `src` | the visitor sees |", f"|{'---|' * 8}"]
    for row in ROWS:
        seen = "the banner" if row.banner else f"a {row.chip} chip" if row.chip else "nothing"
        effect = f"; {row.effect}" if row.effect else ""
        cells = [row.stored, row.g, row.gpc, row.dnt, row.sharing, row.other, f"`{row.source}`", seen + effect]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def age_table() -> str:
    """The ages in Markdown."""
    lines = ["| days after the choice | what was granted | what was refused | asked |", f"|{'---|' * 4}"]
    lines += [f"| {day} | {granted} | {refused} | {'yes' if ask else 'no'} |" for day, granted, refused, ask in AGES]
    return "\n".join(lines)


if __name__ == "__main__":
    print(truth_table(), age_table(), sep="\n\n")
