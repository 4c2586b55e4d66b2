"""In a process of its own: what is set holds as long as the process does."""

from __future__ import annotations

import subprocess
import sys

import pytest

WORK = """
import gc, resource
from gateway.settling import settle
if {settled}:
    settle()

def page():
    return b"".join([b"x" * 65536 for _ in range(64)])

for _ in range(20):
    page()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    page()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, gc.get_freeze_count())
"""


def run(*, settled: bool) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", WORK.format(settled=settled)], capture_output=True, text=True, check=True, timeout=60
    )
    faults, frozen = map(int, done.stdout.split())
    return faults, frozen


@pytest.mark.skipif(sys.platform != "linux", reason="the thresholds are those of glibc")
def test_memory_of_one_page_is_kept_for_the_next() -> None:
    faults, frozen = run(settled=True)
    assert faults < run(settled=False)[0] / 10
    assert frozen > 1000
