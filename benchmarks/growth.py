"""What the rewriter's work grows with: `python benchmarks/growth.py`.

A page met for the first time, everything refused: against its size, against the trackers in it, and against a
catalogue ten times as large (the added services are made up). Instructions by callgrind, or CPU microseconds without
valgrind. Size and trackers should grow in a straight line, the catalogue should change nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import callgrind
from page import visit

HERE: Final = Path(__file__).resolve()
ROOT: Final = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from gateway.enforcement.catalogue_data import load_catalogue  # noqa: E402
from gateway.enforcement.html import HtmlRewriter  # noqa: E402
from gateway.enforcement.inline import InlineMarks  # noqa: E402
from gateway.enforcement.page_policy import PagePolicy  # noqa: E402
from gateway.enforcement.url import Base  # noqa: E402
from gateway.model.categories import Category, State, fate_of  # noqa: E402
from gateway.model.service import Service  # noqa: E402

FACTORS: Final = (1, 2, 4, 8)
TRACKERS: Final = (0, 50, 100, 200)
_TAG: Final = b'<script async src="https://www.googletagmanager.com/gtag/js?id=G-%d"></script>\n'
_SHOP: Final = "shop.example"


def made_up(number: int) -> list[Service]:
    """Services nobody has heard of, each with hosts, a path, a mark and a cookie."""
    return [
        Service(
            id=f"made-up-{at}",
            name=f"Made up {at}",
            category=Category.MARKETING,
            hosts=(f"cdn{at}.invented-{at}.example", f"=www.invented-{at}.example"),
            urls=(f"/invented-{at}.js",),
            marks=(f"inventedTracker{at}\\(",),
            cookies=(f"_inv{at}_*",),
        )
        for at in range(number)
    ]


def policies(own: list[Service]) -> Callable[[], PagePolicy]:
    """Makes policies that have met no page, everything refused."""
    catalogue = load_catalogue(own)
    marks = InlineMarks(catalogue.services, catalogue.for_url)

    def make() -> PagePolicy:
        return PagePolicy(
            catalogue,
            marks,
            lambda category: fate_of(State.GRANTED if category is Category.NECESSARY else State.REFUSED),
            Base("https", _SHOP),
            lambda host: host == _SHOP,
        )

    return make


def grown(factor: int) -> bytes:
    """A page `factor` times as long, of different pages' parts."""
    return b"".join(visit(number) for number in range(factor))


def tracked(number: int) -> bytes:
    """A page with `number` trackers more."""
    return visit(0).replace(b"</main>", b"".join(_TAG % at for at in range(number)) + b"</main>")


def work(mark: Callable[[], object]) -> None:
    """The whole program that is counted: every page behind a mark of its own."""
    shipped = len(load_catalogue().services)
    small, large = policies([]), policies(made_up(9 * shipped))
    runs = [(small, grown(factor)) for factor in FACTORS] + [(small, tracked(number)) for number in TRACKERS]
    runs += [(small, visit(0)), (large, visit(0))]
    for make in (small, large):
        _rewrite(make(), visit(1))
    for make, body in runs:
        policy = make()
        mark()
        _rewrite(policy, body)
        mark()


def _rewrite(policy: PagePolicy, body: bytes) -> None:
    rewriter = HtmlRewriter(policy)
    rewriter.write(body)
    rewriter.end()


def measure() -> dict[str, list[float]]:
    """What each family's runs cost, in order."""
    if callgrind.available():
        taken = [float(number) for number in callgrind.counts(HERE, ["--run"])[::2]]
    else:
        watch = callgrind.Stopwatch()
        work(watch.mark)
        taken = [number / 1000 for number in watch.taken[::2]]
    return {"size": taken[:4], "trackers": taken[4:8], "catalogue": taken[8:]}


def table(found: dict[str, list[float]], unit: str) -> str:
    """The results for a reader."""
    lines = [f"{'':<28} {unit:>16} {'× the first':>12}"]
    names = {
        "size": [f"{factor * 56} KB" for factor in FACTORS],
        "trackers": [f"{number} trackers more" for number in TRACKERS],
        "catalogue": ["the shipped catalogue", "ten times as many services"],
    }
    for family, values in found.items():
        for name, value in zip(names[family], values, strict=True):
            lines.append(f"{name:<28} {value:>16,.0f} {value / values[0]:>12.2f}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print, or be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    if arguments.run:
        work(callgrind.mark)
        return
    unit = "instructions" if callgrind.available() else "CPU µs"
    found = measure()
    print(json.dumps({"unit": unit} | found, indent=2) if arguments.json else table(found, unit))


if __name__ == "__main__":
    main()
