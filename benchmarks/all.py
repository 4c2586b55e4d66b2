"""Every row of the table of speeds in one run: `python benchmarks/all.py`. Writes `docs/speed.md` and its two charts.

About a quarter of an hour on a quiet machine. `--results FOLDER` keeps what each benchmark said and does not run again
what is there already; `--only proxy,stream` runs those alone, and rows nobody measured say so.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from growth import FACTORS, TRACKERS
from rewriter import PAGES

HERE: Final = Path(__file__).resolve().parent
DOCS: Final = HERE.parent / "docs"
PROGRAMS: Final = {
    "proxy": ["proxy.py", "--json"],
    "same": ["proxy.py", "--same", "--json"],
    "saved": ["proxy.py", "--json", "--pages", str(PAGES)],
    "rewriter": ["rewriter.py", "--json"],
    "stream": ["stream.py", "--json"],
    "growth": ["growth.py", "--json"],
    "instructions": ["instructions.py", "--json"],
    "layers": ["layers.py", "--json"],
    "statistics": ["consent_statistics.py"],
    "commits": ["commits.py", "--json"],
    "banner": ["banner.py", "--json"],
}
_WRITTEN: Final = (
    "Written by `benchmarks/all.py` on {day}, on {machine}. Seconds of one machine mean little on another: ratios of "
    "one run and counts of instructions are what to look at. What each benchmark measures: "
    "[their README](../benchmarks/README.md)."
)
_KINDS: Final = {"proxy": "varying", "same": "one page", "saved": "saved pages"}
NOT_MEASURED: Final = "not measured"
_CEILING: Final = 45 * 60
"""Seconds after which a benchmark is given up."""


@dataclass(frozen=True, slots=True)
class Row:
    """One wish; `met` is None where nothing was measured."""

    what: str
    wanted: str
    measured: str = NOT_MEASURED
    met: bool | None = None


def collect(folder: Path, only: set[str], mitmdump: str) -> dict[str, Any]:
    """What each benchmark says, from `folder` or by running it; one that fails is missing, with its last words."""
    found = {}
    for name, (script, *options) in PROGRAMS.items():
        file = folder / f"{name}.json"
        if not file.exists() and name in only:
            more = ["--mitmdump", mitmdump] if script in ("proxy.py", "stream.py") else []
            command = [sys.executable, str(HERE / script), *options, *more]
            print(f"running {script} {' '.join(options)}", file=sys.stderr, flush=True)
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_CEILING)
            except subprocess.TimeoutExpired:
                print(f"{script} took too long", file=sys.stderr)
                continue
            if done.returncode:
                print(f"{script} failed", file=sys.stderr)
                continue
            text = done.stdout
            if "--json" not in options:
                match = re.search(r"largest against smallest: ([\d.]+)", text)
                text = json.dumps({"ratio": float(match[1]) if match else None})
            file.write_text(text, "utf-8")
        if file.exists():
            found[name] = json.loads(file.read_text("utf-8"))
    return found


def rows(found: dict[str, Any]) -> list[Row]:
    """The table of wishes."""
    return [*_proxied(found), *_rewritten(found), *_recorded(found), *_streamed(found), *_banner(found), *_grown(found)]


def _proxied(found: dict[str, Any]) -> list[Row]:
    made = []
    for name, title in (("proxy", "varying pages"), ("same", "one page for all"), ("saved", "saved pages")):
        ratios = found.get(name, {}).get("compared", {})
        for pair, least in (
            ("gateway, granted / bare proxy", 0.85),
            ("gateway, refused / Privoxy", 1.0),
            ("gateway, refused / mitmproxy", 4.0),
        ):
            ratio = ratios.get(pair)
            made.append(_least(f"{pair}, {title}", ratio, least, " ×"))
    return made


def _rewritten(found: dict[str, Any]) -> list[Row]:
    made = []
    for title, rates in found.get("rewriter", {"saved pages": {}}).items():
        for kind in ("warm", "cold"):
            rate = rates.get(f"rewriter, refused, {kind}")
            made.append(_least(f"rewriting alone, refused, {title}, {kind}", rate, 200, " MB/s"))
    return made


def _recorded(found: dict[str, Any]) -> list[Row]:
    ratio = found.get("statistics", {}).get("ratio")
    return [
        _acknowledged(found),
        _most("statistics at 1 M events against 10 k", ratio, 2, " ×"),
    ]


def _acknowledged(found: dict[str, Any]) -> Row:
    what, wanted = "events acknowledged and durable, 64 writers", "≥ 0.5 × SQLite's single commits, p99 < 50 ms"
    commits = found.get("commits")
    if not commits:
        return Row(what, wanted)
    measured = f"{commits['ratio']:,.2f} ×, p99 {commits['p99_ms']:.0f} ms"
    return Row(what, wanted, measured, commits["ratio"] >= 0.5 and commits["p99_ms"] < 50)


def _streamed(found: dict[str, Any]) -> list[Row]:
    stream = found.get("stream", {})
    first = stream.get("first", {})
    states = [value for name, value in first.items() if name.startswith("gateway")]
    later = max(states) - first["the shop itself"] if states else None
    made = [_most("first byte of a slow page, the slowest state, more than the shop's own", later, 5, " ms")]
    for name in ("Privoxy", "mitmproxy"):
        if name in first:
            made.append(Row(f"the same through {name}", "–", f"{first[name] - first['the shop itself']:.0f} ms"))
    for reader in ("fast reader", "slow reader"):
        held = stream.get("memory", {}).get(reader)
        more = held["most"] - held["before"] if held else None
        made.append(_most(f"memory while 300 MB of HTML stream through, {reader}: more than before", more, 16, " MB"))
    for name, figures in stream.get("clients", {}).items():
        text = f"p50 {figures['p50_ms']:.0f} ms, p99 {figures['p99_ms']:.0f} ms, {figures['most']:.0f} MB"
        made.append(Row(f"1,000 clients, {name}", "–", text))
    return made


def _banner(found: dict[str, Any]) -> list[Row]:
    rounds = found.get("banner")
    if not rounds:
        return [Row("banner with all it brings, gzip", "≤ 5 KB")]
    size = rounds["consent-gateway"][0]["bytes"] - rounds["no banner"][0]["bytes"]
    return [_most("banner with all it brings (the guard too), gzip", size / 1024, 5, " KB")]


def _grown(found: dict[str, Any]) -> list[Row]:
    growth = found.get("growth")
    if not growth:
        return [Row("rewriter's work against size, trackers, catalogue", "linear, linear, none")]
    size, trackers, catalogue = growth["size"], growth["trackers"], growth["catalogue"]
    per = [(trackers[place] - trackers[0]) / number for place, number in ((1, 50), (2, 100), (3, 200))]
    return [
        _most("work for a page eight times as long", size[-1] / size[0], 8.4, " ×"),
        _most("work a tracker, 200 of them against 50", per[-1] / per[0], 1.1, " ×"),
        _most("work with ten times as many services", catalogue[1] / catalogue[0], 1.05, " ×"),
    ]


def _least(what: str, value: float | None, least: float, unit: str) -> Row:
    wanted = f"≥ {least:g}{unit}"
    return Row(what, wanted) if value is None else Row(what, wanted, f"{value:,.2f}{unit}", value >= least)


def _most(what: str, value: float | None, most: float, unit: str) -> Row:
    wanted = f"≤ {most:g}{unit}"
    return Row(what, wanted) if value is None else Row(what, wanted, f"{value:,.2f}{unit}", value <= most)


def table(found: list[Row]) -> str:
    """In Markdown."""
    words = {None: "–", True: "yes", False: "**no**"}
    lines = ["| | wanted | measured | met |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.what} | {row.wanted} | {row.measured} | {words[row.met]} |" for row in found)])


def peers_table(found: dict[str, Any]) -> str:
    """Requests a second and CPU of every contender, in Markdown."""
    names: dict[str, dict[str, Any]] = {}
    for kind in _KINDS:
        for row in found.get(kind, {}).get("contenders", []):
            names.setdefault(row["name"], {})[kind] = row
    heads = "".join(f" {title}: req/s | CPU µs |" for title in _KINDS.values())
    lines = [f"| |{heads}", "|---" * (1 + 2 * len(_KINDS)) + "|"]
    for name, kinds in names.items():
        cells = [f"{kinds[k][key]:,.0f}" if k in kinds and kinds[k][key] else "–"
                 for k in _KINDS for key in ("rate", "cpu_us")]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def instructions_table(found: dict[str, Any]) -> str:
    """Instructions of one request, in Markdown."""
    states = found.get("instructions", {}).get("states", {})
    lines = [f"| {found.get('instructions', {}).get('unit', 'instructions')} a request | varying | one page |"]
    lines += ["|---|---|---|", *(f"| {state} | {a:,.0f} | {b:,.0f} |" for state, (a, b) in states.items())]
    return "\n".join(lines)


def layers_table(found: dict[str, Any]) -> str:
    """The shares of each layer, in Markdown."""
    kinds: dict[str, dict[str, float]] = found.get("layers", {})
    names = list(dict.fromkeys(name for parts in kinds.values() for name in parts))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for kind, parts in kinds.items():
        lines.append(f"| {kind} | {' | '.join(f'{parts.get(name, 0):.0%}' for name in names)} |")
    return "\n".join(lines)


def missed(found: dict[str, Any]) -> str:
    """Why a page through the gateway cannot be as cheap as one through a proxy that does not look at it."""
    cost = {row["name"]: row["cpu_us"] for row in found.get("proxy", {}).get("contenders", [])}
    bare, granted = cost.get("bare proxy"), cost.get("gateway, granted")
    if not bare or not granted:
        return "Not measured."
    said = [
        f"A page costs the bare proxy {bare:,.0f} µs of CPU. To be 0.85 times as fast the gateway has "
        f"{bare / 0.85 - bare:,.0f} µs more for all that it does; it takes {granted - bare:,.0f}, in Python, where a "
        "page of 56 KB has hundreds of tokens that matter and each costs several calls."
    ]
    if privoxy := cost.get("Privoxy"):
        said.append(f"Privoxy filters the page in C in {privoxy:,.0f} µs, Python passes it on in {bare:,.0f}.")
    if mitmproxy := cost.get("mitmproxy"):
        said.append(f"A quarter of what mitmproxy takes is {mitmproxy / 4:,.0f} µs.")
    said.append(
        "A page met for the first time (cold) is judged tag by tag and script by script; its passages are looked up "
        "from the third time on. Half of what the banner brings is the guard, which has to know the trackers' names."
    )
    return textwrap.fill(" ".join(said), 120) + "\n\nWhere the time of a page goes:"


def chart(found: dict[str, Any]) -> str:
    """Requests a second of every contender, varying pages, as bars in an SVG document."""
    bars = [(row["name"], row["rate"]) for row in found.get("proxy", {}).get("contenders", [])]
    most = max((rate for _, rate in bars), default=1)
    parts = []
    for place, (name, rate) in enumerate(bars):
        y, width = 12 + place * 26, max(1, round(420 * rate / most))
        colour = "#2f6f5e" if name.startswith("gateway") else "#9aa8a2"
        parts.append(f'<text x="150" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="160" y="{y}" width="{width}" height="18" fill="{colour}"/>')
        parts.append(f'<text x="{166 + width}" y="{y + 13}">{rate:,.0f}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 {20 + 26 * len(bars)}" role="img" '
    style = 'font-family="sans-serif" font-size="13" fill="#25302c"><title>Requests a second, varying pages</title>'
    return f'{head}{style}<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'


def plot(found: dict[str, Any]) -> str:
    """The rewriter's work against the page's size, its trackers and the catalogue, as three graphs in an SVG document.

    Dots are what was measured, the line is straight through the first two; everything is 1 at the first dot.
    """
    growth = found.get("growth", {})
    parts = []
    for place, (name, title, xs) in enumerate(
        (
            ("size", "times as long a page", FACTORS),
            ("trackers", "trackers more in it", TRACKERS),
            ("catalogue", "times as many services", (1, 10)),
        )
    ):
        ys = [value / growth[name][0] for value in growth.get(name, ())]
        left, top = 40 + place * 220, 20
        most = max((*ys, 2.0))
        dots = [(left + 160 * x / xs[-1], top + 140 - 140 * y / most) for x, y in zip(xs, ys, strict=False)]
        parts.append(f'<path d="M{left} {top}v140h160" fill="none" stroke="#9aa8a2"/>')
        parts.append(f'<text x="{left + 80}" y="{top + 175}" text-anchor="middle">{title}</text>')
        parts.append(f'<text x="{left - 4}" y="{top + 10}" text-anchor="end">{most:.1f}</text>')
        parts.append(f'<text x="{left + 160}" y="{top + 156}" text-anchor="end">{xs[-1]}</text>')
        if len(dots) > 1:
            slope = (ys[1] - ys[0]) / (xs[1] - xs[0])
            last = top + 140 - 140 * (ys[0] + slope * (xs[-1] - xs[0])) / most
            line = f"M{dots[0][0]:.1f} {dots[0][1]:.1f}L{left + 160} {last:.1f}"
            parts.append(f'<path d="{line}" stroke="#2f6f5e" fill="none"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#2f6f5e"/>' for x, y in dots]
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 205" role="img" font-family="sans-serif" '
    title = "<title>The rewriter's work against size, trackers and services</title>"
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'{head}font-size="13" fill="#25302c">{title}{ground}{"".join(parts)}</svg>\n'


def document(found: dict[str, Any], machine: str) -> str:
    """The whole page."""
    day = datetime.now(UTC).strftime("%-d %B %Y")
    return f"""# Speed

{textwrap.fill(_WRITTEN.format(day=day, machine=machine), 120)}

{table(rows(found))}

## Requests a second

One core for each contender, 32 connections, pages of 56 KB. Of the *varying* pages hardly two are equal, as in a shop;
the gateway remembers passages that come again, so *one page* for all is its best case. *Saved pages* are 40
real ones in turn, where they stand beside the checkout; of them nothing is checked but that they come.

![Requests a second of each contender](speed.svg)

{peers_table(found)}

## What the rewriter's work grows with

A page met for the first time, everything refused, in {found.get("growth", {}).get("unit", "instructions")}; 1 is the
page of 56 KB with the shipped catalogue. Dots were measured, lines go straight on from the first two.

![Work against the size of the page, the trackers in it, the catalogue](growth.svg)

## Why rows are missed

{missed(found)}

{layers_table(found)}

Shares of the application alone, by a profiler, which makes small functions look dearer than they are (`layers.py`).
What was tried, and what it bought, is in [the benchmarks' README](../benchmarks/README.md#what-was-tried).

## Instructions

The application alone, without sockets, 50 requests after 120 others.

{instructions_table(found)}
"""


def main() -> None:
    """Run, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="folder for what each benchmark says")
    parser.add_argument("--only", default=",".join(PROGRAMS), help=f"of {','.join(PROGRAMS)} (default all)")
    parser.add_argument("--mitmdump", default="mitmdump", help="where mitmproxy's mitmdump is (default: on the path)")
    parser.add_argument("--machine", default="two noisy cores shared with other work", help="words for the page")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = arguments.results or Path(folder)
        results.mkdir(parents=True, exist_ok=True)
        found = collect(results, set(arguments.only.split(",")), arguments.mitmdump)
    (DOCS / "speed.md").write_text(document(found, arguments.machine), "utf-8")
    (DOCS / "speed.svg").write_text(chart(found), "utf-8")
    (DOCS / "growth.svg").write_text(plot(found), "utf-8")
    print(f"{table(rows(found))}\n\n{peers_table(found)}\n\n{instructions_table(found)}")


if __name__ == "__main__":
    main()
