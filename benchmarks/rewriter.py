"""Megabytes per second of the rewriter alone: `python benchmarks/rewriter.py [--pages FOLDER]`.

In each state of consent, beside what parsing and serialising the same pages costs in selectolax, a parser
written in C. Everything in one process and in turns; what counts are the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from page import page
from selectolax.lexbor import LexborHTMLParser

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gateway.enforcement.catalogue_data import load_catalogue  # noqa: E402
from gateway.enforcement.html import HtmlRewriter, Injection  # noqa: E402
from gateway.enforcement.inline import InlineMarks  # noqa: E402
from gateway.enforcement.page_policy import PagePolicy  # noqa: E402
from gateway.enforcement.url import Base  # noqa: E402
from gateway.model.categories import Category, Fate, State, fate_of  # noqa: E402

PAGES: Final = ROOT.parent / "shared" / "corpus" / "dev"
"""Saved pages, where they stand beside the checkout."""
CHUNK: Final = 65_536
"""Bytes handed to the rewriter at once, as the proxy reads them."""
BASE: Final = "selectolax, parse and serialise"
_SHOP: Final = "shop.example"

Run = Callable[[bytes], object]


def contenders() -> dict[str, Run]:
    """By name: what takes one page."""
    catalogue = load_catalogue()
    marks = InlineMarks(catalogue.services, catalogue.for_url)

    def rewriting(state: State) -> Run:
        def fate(category: Category) -> Fate:
            return fate_of(State.GRANTED if category is Category.NECESSARY else state)

        policy = PagePolicy(
            catalogue,
            marks,
            fate,
            Base("https", _SHOP),
            lambda host: host == _SHOP,
        )
        return lambda data: rewrite(policy, data)

    found: dict[str, Run] = {f"rewriter, {state}": rewriting(state) for state in State}
    return {BASE: reserialise, **found}


def rewrite(policy: PagePolicy, data: bytes) -> bytes:
    """One page through a rewriter of its own, with something to put in, as it is in the gateway."""
    rewriter = HtmlRewriter(policy, Injection(lambda language: b"<p>", lambda language: b"</p>"))
    out = [rewriter.write(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)]
    return b"".join((*out, rewriter.end()))


def reserialise(data: bytes) -> str | None:
    """One page through a parser that builds the whole tree."""
    return LexborHTMLParser(data).html


def measure(runs: dict[str, Run], pages: Sequence[bytes], rounds: int, seconds: float) -> dict[str, float]:
    """MB/s of each, the median of `rounds` turns of about `seconds`."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        for data in pages:
            run(data)
    for _ in range(rounds):
        for name, run in runs.items():
            rates[name].append(_turn(run, pages, seconds))
    return {name: statistics.median(found) for name, found in rates.items()}


def _turn(run: Run, pages: Sequence[bytes], seconds: float) -> float:
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for data in pages:
            run(data)
            done += len(data)
    return done / spent / 1e6


def table(title: str, rates: dict[str, float]) -> str:
    """The results for a reader."""
    lines = [f"{title:<40} {'MB/s':>7} {'× selectolax':>13}"]
    lines += [f"{name:<40} {rate:>7.0f} {rate / rates[BASE]:>13.2f}" for name, rate in rates.items()]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=PAGES, help="folder of saved pages (*.html)")
    parser.add_argument("--rounds", type=int, default=3, help="turns for each contender (default 3)")
    parser.add_argument("--seconds", type=float, default=1, help="seconds of a turn (default 1)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args()
    saved = [path.read_bytes() for path in sorted(arguments.pages.glob("*.html"))]
    sets = {"the benchmark's page": [page()]} | ({f"{len(saved)} saved pages": saved} if saved else {})
    runs = contenders()
    results = {title: measure(runs, pages, arguments.rounds, arguments.seconds) for title, pages in sets.items()}
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        print("\n\n".join(table(title, rates) for title, rates in results.items()))


if __name__ == "__main__":
    main()
