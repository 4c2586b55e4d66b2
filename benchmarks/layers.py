"""Where the time of a page goes: `python benchmarks/layers.py`. Shares of the application alone, without sockets.

The profiler makes small functions look dearer than they are, so the shares are a map and no measure; what a request
costs is what `instructions.py` and `proxy.py` say. A builtin's time is its caller's.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from instructions import STATES, ask, cookie_for, shop_of, started
from page import page, visit

from gateway.app import create_app
from gateway.config.settings import Settings

WARM: Final = 300
COUNTED: Final = 600
TINY: Final = b"<!doctype html><html lang=zh-Hant><head><title>x</title></head><body><p>x</p></body></html>"
LAYERS: Final = {
    "rewriting": (
        "enforcement/html", "enforcement/recorder", "enforcement/passages", "enforcement/scanner", "enforcement/edit",
        "enforcement/automaton", "enforcement/attributes", "enforcement/elements", "enforcement/raw_text",
        "enforcement/injection", "enforcement/foreign", "enforcement/comments", "enforcement/charset",
        "middleware/html",
    ),
    "what is put in": (
        "middleware/rewriting", "enforcement/banner", "enforcement/guard", "enforcement/head", "enforcement/language",
        "enforcement/consent_mode", "enforcement/bots",
    ),
    "headers": ("enforcement/policy_headers", "enforcement/headers", "middleware/policy_headers", "enforcement/csp"),
    "cookies": ("enforcement/cookies", "enforcement/set_cookie", "enforcement/lifetime", "middleware/cookies"),
    "the decision": ("middleware/consent", "enforcement/consent_cookie", "model/decision", "model/signals"),
}  # fmt: skip
OTHER: Final = "the rest"


def layer(file: str) -> str:
    """The layer a source file belongs to."""
    name = file.rpartition("gateway/")[2].removesuffix(".py")
    return next((layer for layer, names in LAYERS.items() if name in names), OTHER)


def shares(profile: cProfile.Profile) -> dict[str, float]:
    """The share of each layer, from 0 to 1, largest first."""
    own: Counter[str] = Counter()
    for (file, _, _), (_, _, total, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file.startswith("~"):
            for (caller, _, _), (_, _, part, _) in callers.items():
                own[layer(caller)] += part
        else:
            own[layer(file)] += total
    return {name: taken / own.total() for name, taken in own.most_common()}


async def profiled(bodies: list[bytes], action: str, folder: Path) -> dict[str, float]:
    """The shares of `COUNTED` requests after `WARM` others."""
    settings = Settings(folder=folder, database=f"sqlite:///{folder / 'ledger.sqlite'}", limits=False)
    app = create_app(settings, shop=shop_of(bodies))
    async with started(app):
        cookie = await cookie_for(app, action)
        for _ in range(WARM):
            await ask(app, cookie=cookie)
        profile = cProfile.Profile()
        profile.enable()
        for _ in range(COUNTED):
            await ask(app, cookie=cookie)
        profile.disable()
    return shares(profile)


def main() -> None:
    """Every kind of page in every state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    kinds = {
        "varying": [visit(number) for number in range(WARM + COUNTED)],
        "one page": [page()],
        "empty page": [TINY],
    }
    found: dict[str, dict[str, float]] = {}
    for kind, bodies in kinds.items():
        for state, action in STATES.items():
            with tempfile.TemporaryDirectory() as folder:
                found[f"{kind}, {state}"] = asyncio.run(profiled(bodies, action, Path(folder)))
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    names = [*LAYERS, OTHER]
    print(" " * 22 + "".join(f"{name:>16}" for name in names))
    for what, parts in found.items():
        print(f"{what:<22}" + "".join(f"{parts.get(name, 0):>16.0%}" for name in names))


if __name__ == "__main__":
    main()
