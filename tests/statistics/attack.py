"""Somebody who has every answer and looks for what was hidden: a linear program with the rounding as intervals.

Its unknowns are, in each base period, how many made each possible choice, and how acceptances, other decisions and
displays divide into the rows of each dimension. Everything counted, and every difference of counts, is a sum of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from gateway.model.categories import OPTIONAL, Category
from gateway.statistics.cell import ON_BANNER, VALUES, Cell, granted, refused
from gateway.statistics.suppression import K

Told = Mapping[Cell, int]
Sum = Mapping[str, int]
"""A sum of unknowns, by their factors."""


def plus(*sums: Sum) -> Sum:
    return reduce(lambda a, b: {name: a.get(name, 0) + b.get(name, 0) for name in {**a, **b}}, sums, {})


def minus(whole: Sum, part: Sum) -> Sum:
    return {name: n for name, n in plus(whole, {name: -n for name, n in part.items()}).items() if n}


class Scheme:
    """What the counts of a period are made of if these categories are `offered`.

    `cells`: what can be told. `groups`: every count of people's choices or of displays without one that is a cell or
    a difference of cells, by a name. `zero`: sums that are 0 for everybody who knows the scheme.
    """

    def __init__(self, offered: Sequence[Category]) -> None:
        choices = ["".join(bits) for bits in product("01", repeat=len(offered))]
        some = [choice for choice in choices if "1" in choice and "0" in choice]
        self.cells: dict[Cell, Sum] = {}
        self.zero: list[Sum] = []
        self.groups: dict[str, Sum] = {choice: {choice: 1} for choice in choices}
        self.unanswered: list[str] = []
        yes, no, between = {choices[-1]: 1}, {choices[0]: 1}, dict.fromkeys(some, 1)
        every = plus(yes, no, between)
        outcomes = {"accept_all": yes, "refuse_all": no, **({"save": between} if between else {})}
        self._tell("", "", **outcomes, decisions=every, shown={"shown": 1})
        self.groups |= {"not all": minus(every, yes), "not none": minus(every, no)}
        for number in range(1, len(offered)):
            self.groups[f"{number} granted"] = {c: 1 for c in some if c.count("1") == number}
        for place, category in enumerate(offered):
            for name, bit, whole in ((granted, "1", yes), (refused, "0", no)):
                count = {choice: 1 for choice in choices if choice[place] == bit}
                self._tell("", "", **{name(category): count})
                if len(offered) > 1:
                    self.groups[f"{name(category)} between"] = minus(count, whole)
        for dimension in ("locale", "browser", "surface"):
            self._divide(dimension, yes, minus(every, yes))

    def _tell(self, dimension: str, value: str, **counts: Sum) -> None:
        for what, count in counts.items():
            cell = Cell(what, dimension, value)
            self.cells[cell] = count
            self.groups[" ".join(cell)] = count
        if "shown" in counts:
            name = f"unanswered {dimension} {value}"
            self.groups[name] = minus(counts["shown"], counts["decisions"])
            self.unanswered.append(name)

    def _divide(self, dimension: str, yes: Sum, rest: Sum) -> None:
        summed = ON_BANNER if dimension == "surface" else VALUES[dimension]
        for value in VALUES[dimension]:
            a, b, c = ({f"{what} {dimension} {value}": 1} for what in ("accepting", "rest", "displays"))
            shown = {} if dimension == "surface" else {"shown": c}
            self._tell(dimension, value, accept_all=a, decisions=plus(a, b), **shown)
            self.groups[f"not all {dimension} {value}"] = b
        wholes: dict[str, Sum] = {"accepting": yes, "rest": rest}
        if dimension != "surface":
            wholes["displays"] = {"shown": 1}
        for what, whole in wholes.items():
            self.zero.append(minus({f"{what} {dimension} {value}": 1 for value in summed}, whole))

    def value(self, group: Sum, counts: Mapping[Cell, int], made: Mapping[str, int]) -> int:
        """The true value of a sum; `made` says how often each choice was made on the banner."""
        return sum(factor * self._unknown(name, counts, made) for name, factor in group.items())

    def _unknown(self, name: str, counts: Mapping[Cell, int], made: Mapping[str, int]) -> int:
        what, _, rest = name.partition(" ")
        dimension, _, value = rest.partition(" ")
        if what == "shown":
            return counts.get(Cell("shown"), 0)
        if not rest:
            return made.get(name, 0)
        whats = {"accepting": ("accept_all",), "rest": ("refuse_all", "save"), "displays": ("shown",)}[what]
        return sum(counts.get(Cell(w, dimension, value), 0) for w in whats)


class Attack:
    """On several base periods at once: what each tells, and what sums of them tell.

    `answered`: the displays were as many as the decisions at least, everywhere, and that is known.
    """

    def __init__(self, scheme: Scheme, periods: Sequence[Told], sums: Iterable[Told] = (), *, answered: bool) -> None:
        names = {name for total in (*scheme.cells.values(), *scheme.zero) for name in total}
        self._places = {name: place for place, name in enumerate(sorted(names))}
        self._scheme = scheme
        self._periods = len(periods)
        least = [np.zeros(len(periods) * len(names))]
        bound = [0.0]

        def learn(row: NDArray[np.float64], low: float, high: float) -> None:
            least.extend((-row, row))
            bound.extend((-low, high))

        for period, told in enumerate(periods):
            for cell, n in told.items():
                learn(self._row(scheme.cells[cell], period), max(K, n - 2), n + 2)
            for name in scheme.unanswered if answered else ():
                learn(self._row(scheme.groups[name], period), 0, np.inf)
        for told in sums:
            for cell, n in told.items():
                among = [period for period, answer in enumerate(periods) if cell in answer]
                row = np.sum([self._row(scheme.cells[cell], period) for period in among], axis=0)
                learn(row, n - 2 * len(among), n + 2 * len(among))
        finite = np.isfinite(bound)
        self._least, self._bound = np.array(least)[finite], np.array(bound)[finite]
        self._zero = np.array([self._row(zero, period) for period in range(len(periods)) for zero in scheme.zero])

    def _row(self, total: Sum, period: int) -> NDArray[np.float64]:
        row = np.zeros(self._periods * len(self._places))
        for name, factor in total.items():
            row[period * len(self._places) + self._places[name]] = factor
        return row

    def ruled_out(self, wanted: Iterable[tuple[int, str]]) -> Iterable[tuple[int, str, float]]:
        """Which of these groups of these periods cannot have K, with the most each can have."""
        left = {(period, name): self._row(self._scheme.groups[name], period) for period, name in wanted}
        while left:
            key, row = left.popitem()
            found = linprog(-row, A_ub=self._least, b_ub=self._bound, A_eq=self._zero, b_eq=np.zeros(len(self._zero)))
            if found.status == 3:
                continue
            assert found.status == 0, found.message
            if -found.fun < K - 1e-6:
                yield *key, -found.fun
            # One way it could have been may show of many groups at once that they could have K.
            left = {other: of for other, of in left.items() if of @ found.x < K - 1e-6}


def told_by(rows: Iterable[tuple[str, Mapping[str, int | None]]], by: str) -> dict[Cell, int]:
    """The cells that an answer `by` a dimension tells."""
    found = {}
    for value, counts in rows:
        for name, n in counts.items():
            cell = Cell(name, by, value)
            if by == "category":
                what = {"granted": f"granted:{value}", "refused": f"refused:{value}"}.get(name, name)
                cell = Cell(what)
            if n is not None:
                found[cell] = n
    return found


EVERY_OFFER = [OPTIONAL[:number] for number in range(1, len(OPTIONAL) + 1)]
