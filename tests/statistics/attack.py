"""Somebody who has every answer and looks for what was hidden: a linear system with the rounding intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linprog

from gateway.model.categories import OPTIONAL
from gateway.statistics.cell import ON_BANNER, VALUES, Cell, granted, refused
from gateway.statistics.suppression import K

DIMENSIONS = ("locale", "browser", "surface")


class System:
    """The unknowns of one base period, and what is known of them: sums that hold, and the counts told."""

    def __init__(self) -> None:
        self.names: dict[Cell, int] = {}
        self.equal: list[dict[Cell, float]] = []
        self.bounds: dict[Cell, tuple[float, float | None]] = {}
        self._structure()
        self._matrix = np.zeros((len(self.equal), len(self.names)))
        for row, terms in enumerate(self.equal):
            for name, factor in terms.items():
                self._matrix[row, self.names[name]] = factor

    def sum(self, whole: Cell, *parts: Cell) -> None:
        for cell in (whole, *parts):
            self.names.setdefault(cell, len(self.names))
        self.equal.append({whole: -1.0, **dict.fromkeys(parts, 1.0)})

    def _structure(self) -> None:
        a, r, s, d = (Cell(what) for what in ("accept_all", "refuse_all", "save", "decisions"))
        self.sum(d, a, r, s)
        self.sum(Cell("not all"), r, s)
        for c in OPTIONAL:
            yes, no = Cell("savers for", value=c), Cell("savers against", value=c)
            self.sum(s, yes, no)
            self.sum(Cell(granted(c)), a, yes)
            self.sum(Cell(refused(c)), r, no)
            self.sum(d, Cell(granted(c)), Cell(refused(c)))
        for name in DIMENSIONS:
            summed = ON_BANNER if name == "surface" else VALUES[name]
            for what in ("accept_all", "not all", "decisions", *(() if name == "surface" else ("shown",))):
                self.sum(Cell(what), *(Cell(what, name, value) for value in summed))
            for value in VALUES[name]:
                self.sum(Cell("decisions", name, value), Cell("accept_all", name, value), Cell("not all", name, value))

    def learn(self, told: Mapping[Cell, int]) -> None:
        """A count told: it is K at least, and rounded."""
        self.bounds = {cell: (max(K, n - 2), n + 2) for cell, n in told.items() if cell in self.names}

    def range(self, cell: Cell) -> tuple[float, float]:
        """Between what the hidden count of `cell` must be; the upper end is infinite if nothing bounds it."""
        matrix = self._matrix
        bounds = [self.bounds.get(name, (0, None)) for name in self.names]
        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(self.names))
            aim[self.names[cell]] = sign
            found = linprog(aim, A_eq=matrix, b_eq=np.zeros(len(self.equal)), bounds=bounds)
            assert found.status in (0, 3), found.message
            ends.append(float("inf") if found.status == 3 else sign * found.fun)
        return ends[0], ends[1]
