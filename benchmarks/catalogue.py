"""What loading the shipped catalogue costs at start: `python benchmarks/catalogue.py`.

Prints the fastest and the median of eleven loads, in milliseconds of CPU time, and the function calls of one.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gateway.enforcement.catalogue_data import load_catalogue  # noqa: E402
from tests.calls import calls  # noqa: E402

ROUNDS: Final = 11


def milliseconds() -> float:
    start = time.process_time()
    load_catalogue()
    return (time.process_time() - start) * 1000


def main() -> None:
    taken = [milliseconds() for _ in range(ROUNDS)]
    services = len(load_catalogue().services)
    print(f"{services} services, {calls(load_catalogue) / services:.1f} calls each")
    print(f"{min(taken):.1f} ms at best, {statistics.median(taken):.1f} ms in the middle")


if __name__ == "__main__":
    main()
