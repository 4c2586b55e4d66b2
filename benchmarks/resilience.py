"""Three gateways, one PostgreSQL, one nginx, visitors who choose, and everything that goes wrong.

    python benchmarks/resilience.py [ROUNDS] [SECONDS-WITHOUT-DATABASE]

What `tests/end_to_end/test_resilience.py` does once in short. Exit 1 when a choice was lost or doubled, a refusal
leaked, a counter differs from a recount of the record, or a visitor saw a failure that no kill explains.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = str(ROOT)

from tests.end_to_end.trouble import storm  # noqa: E402
from tests.postgres import Server  # noqa: E402


def main() -> int:
    rounds, away = ([*map(float, sys.argv[1:]), 3, 30][place] for place in (0, 1 if len(sys.argv) != 2 else 2))
    postgres = Server()
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            seen = storm(
                Path(folder),
                postgres,
                rounds=int(rounds),
                away=away,
                calm=3.0,
                tell=lambda what: print(f"{time.monotonic() - began:6.0f} s  {what}", flush=True),
            )
    finally:
        postgres.close()
    print(f"{seen.pages} pages, {seen.acknowledged} choices acknowledged, {seen.killed} kills")
    kinds = Counter(f"{what.split()[0]} {what.rpartition(': ')[2]}" for what in seen.failures)
    print(f"failures at a kill: {dict(kinds)}")
    print(f"first grants without an answer {seen.grants_open}, of them recorded {seen.grants_beyond}")
    print(f"refusals without an answer {seen.refusals_open}, of them recorded {seen.refusals_beyond}")
    for fault in seen.wrong():
        print(f"WRONG: {fault}")
    return 1 if seen.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
