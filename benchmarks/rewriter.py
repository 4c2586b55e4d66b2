"""Megabytes per second of the rewriter alone: `python benchmarks/rewriter.py [--pages FOLDER]`.

In each state of consent, beside what parsing and serialising the same pages costs in selectolax, a parser
written in C, and beside a binding to lol_html where one is installed (`pip install python-lolhtml`). **Cold** is a page
the policy has not met, nor any other; **warm** one that came twice before; of the varying pages each visit differs
from those before, as in a shop. Everything in one process and in turns; what counts are the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import count, cycle
from pathlib import Path
from typing import Any, Final

from page import CATEGORIES, page, visit
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
PEER: Final = "lol_html, looking at elements"
WARMING: Final = 2 * CATEGORIES
"""Pages before anything counts: each of a set came at least twice."""
_SHOP: Final = "shop.example"

Run = Callable[[bytes], object]


def policies() -> dict[State, Callable[[], PagePolicy]]:
    """By state: makes a policy that has met no page."""
    catalogue = load_catalogue()
    marks = InlineMarks(catalogue.services, catalogue.for_url)

    def making(state: State) -> Callable[[], PagePolicy]:
        def fate(category: Category) -> Fate:
            return fate_of(State.GRANTED if category is Category.NECESSARY else state)

        return lambda: PagePolicy(catalogue, marks, fate, Base("https", _SHOP), lambda host: host == _SHOP)

    return {state: making(state) for state in State}


def contenders() -> dict[str, Run]:
    """By name: what takes one page and is the same each time, or has met the page before (warm)."""
    found: dict[str, Run] = {BASE: reserialise}
    try:
        found[PEER] = lolhtml(import_module("lolhtml"))
    except ImportError:
        print(f"{PEER} is left out: the package python-lolhtml is not installed", file=sys.stderr)
    for state, make in policies().items():
        found[f"rewriter, {state}, warm"] = partial(rewrite, make())
    return found


def lolhtml(module: Any) -> Run:
    """One page through lol_html, which asks Python about every element that may load something and changes none."""

    class Look:
        def element(self, element: Any) -> None:
            element.get_attribute("src")

    def run(data: bytes) -> bytes:
        out = bytearray()
        rewriter = module.HTMLRewriter(out.extend)
        rewriter.on("script, iframe, img, link, embed, object, noscript", Look())
        for at in range(0, len(data), CHUNK):
            rewriter.write(data[at : at + CHUNK])
        rewriter.end()
        return bytes(out)

    return run


def cold(pages: Sequence[bytes], rounds: int, seconds: float) -> dict[str, float]:
    """MB/s of pages met for the first time, each under a policy of its own; making the policy is not counted."""
    found = {}
    for state, make in policies().items():
        rates = []
        rewrite(make(), pages[0])
        for _ in range(rounds):
            done, spent = 0, 0.0
            for data in cycle(pages):
                policy = make()
                start = time.process_time()
                rewrite(policy, data)
                spent += time.process_time() - start
                done += len(data)
                if spent >= seconds:
                    break
            rates.append(done / spent / 1e6)
        found[f"rewriter, {state}, cold"] = statistics.median(rates)
    return found


def rewrite(policy: PagePolicy, data: bytes) -> bytes:
    """One page through a rewriter of its own, with something to put in, as it is in the gateway."""
    rewriter = HtmlRewriter(policy, Injection(lambda language: b"<p>", lambda language: b"</p>"))
    out = [rewriter.write(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)]
    return b"".join((*out, rewriter.end()))


def reserialise(data: bytes) -> str | None:
    """One page through a parser that builds the whole tree."""
    return LexborHTMLParser(data).html


def measure(
    runs: dict[str, Run], pages: Callable[[], Iterable[bytes]], rounds: int, seconds: float
) -> dict[str, float]:
    """MB/s of each, the median of `rounds` turns of about `seconds`; `pages` gives each its pages, without end."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    feeds = {name: iter(pages()) for name in runs}
    for name, run in runs.items():
        for _ in range(WARMING):
            run(next(feeds[name]))
    for _ in range(rounds):
        for name, run in runs.items():
            rates[name].append(_turn(run, feeds[name], seconds))
    return {name: statistics.median(found) for name, found in rates.items()}


def _turn(run: Run, pages: Iterator[bytes], seconds: float) -> float:
    done, spent = 0, 0.0
    while spent < seconds:
        some = [next(pages) for _ in range(8)]
        start = time.process_time()
        for data in some:
            run(data)
        spent += time.process_time() - start
        done += sum(map(len, some))
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
    sets: dict[str, tuple[Callable[[], Iterable[bytes]], list[bytes]]] = {
        "varying pages": (lambda: map(visit, count()), [visit(number) for number in range(CATEGORIES)]),
        "one page": (lambda: cycle([page()]), [page()]),
    }
    if saved:
        few = saved[: WARMING // 2]
        sets[f"{len(few)} saved pages"] = (lambda: cycle(few), few)
    results = {}
    for title, (feed, pages) in sets.items():
        rates = measure(contenders(), feed, arguments.rounds, arguments.seconds)
        results[title] = rates | cold(pages, arguments.rounds, arguments.seconds)
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        print("\n\n".join(table(title, rates) for title, rates in results.items()))


if __name__ == "__main__":
    main()
