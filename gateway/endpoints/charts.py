"""Charts as inline SVG: no script, no style attribute, colours from the style sheet; the numbers stand in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 720
_HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 14, 34
_MOST_LABELS: Final = 5

Rates = Sequence[float | None]


def lines(labels: Sequence[str], series: Sequence[tuple[str, Rates]], about: str) -> Markup:
    """Rates between 0 and 1 over time; each of `series` is a class name and a rate for every label, None for a gap."""
    parts = [_level(step / 4) for step in range(5)]
    parts += [_label(labels, index) for index in _labelled(len(labels))]
    for name, rates in series:
        parts += _line(name, rates)
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(_WIDTH, _HEIGHT, about)
    return head + Markup("").join(parts) + Markup("</svg>")


def bar(rate: float | None) -> Markup:
    """A share of a whole, for beside its number; nothing for none."""
    if rate is None:
        return Markup("")
    svg = Markup(
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="100" height="6"/><rect width="{}" height="6"/></svg>'
    )
    return svg.format(round(rate * 100, 1))


def _x(index: int, number: int) -> float:
    room = _WIDTH - _LEFT - _RIGHT
    return round(_LEFT + room * ((index + 0.5) / number), 1)


def _y(rate: float) -> float:
    return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - rate), 1)


def _level(rate: float) -> Markup:
    y = _y(rate)
    line = Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y)
    text = Markup('<text x="{}" y="{}" text-anchor="end">{}%</text>')
    return line + text.format(_LEFT - 6, y + 5, round(rate * 100))


def _labelled(number: int) -> list[int]:
    step = max(1, -(-number // _MOST_LABELS))
    return list(range(number - 1, -1, -step))


def _label(labels: Sequence[str], index: int) -> Markup:
    text = Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>')
    x = min(max(_x(index, len(labels)), _LEFT + 30), _WIDTH - _RIGHT - 46)
    return text.format(x, _HEIGHT - 8, labels[index])


def _line(name: str, rates: Rates) -> list[Markup]:
    """Points joined where they follow each other without a gap."""
    points = [None if rate is None else (_x(i, len(rates)), _y(rate)) for i, rate in enumerate(rates)]
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    drawn = []
    for run in runs:
        if len(run) > 1:
            path = " ".join(f"{x},{y}" for x, y in run)
            drawn.append(Markup('<polyline class="{}" points="{}"/>').format(name, path))
        drawn += [Markup('<circle class="{}" cx="{}" cy="{}" r="3"/>').format(name, x, y) for x, y in run]
    return drawn
