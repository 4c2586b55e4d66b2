"""CPU time of hostile input at one size, twice and four times of it: `python benchmarks/hostile.py [WORD ...]`.

Linear work doubles where its input doubles; what quadruples is a fault. A factor above 3 at both steps is marked.
With words, only families whose name holds one of them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fuzz.hostile import FAMILIES, Family  # noqa: E402

MARKED: Final = 3.0


def seconds(family: Family, size: int) -> float:
    """The faster of two runs."""
    data = family.of(size)
    taken = []
    for _ in range(2):
        start = time.process_time()
        family.work(data)
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--size", type=int, default=1 << 16, help="bytes of the smallest input (65536)")
    arguments = parser.parse_args()
    sizes = [arguments.size * factor for factor in (1, 2, 4)]
    print(f"{'family':48}" + "".join(f"{size >> 10:>9} kB" for size in sizes) + "   MB/s")
    marked = 0
    for name, family in FAMILIES.items():
        if arguments.words and not any(word in name for word in arguments.words):
            continue
        one, two, four = (seconds(family, size) for size in sizes)
        slow = two > MARKED * one and four > MARKED * two and four > 0.05
        marked += slow
        print(f"{name:48}" + "".join(f"{value * 1000:>9.1f} ms" for value in (one, two, four)), end="")
        print(f"{sizes[2] / max(four, 1e-6) / 1e6:>8.1f}" + ("  <-- super-linear" if slow else ""), flush=True)
    print(f"{marked} super-linear" if marked else "none super-linear")
    return 1 if marked else 0


if __name__ == "__main__":
    sys.exit(main())
