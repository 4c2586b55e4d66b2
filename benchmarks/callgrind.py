"""Instructions of a piece of work, counted by valgrind's callgrind: the same on a busy machine as on a quiet one.

A program marks places by `mark()`; callgrind writes what it has counted since the last one. Outside of callgrind the
marks cost nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_MARK: Final = "getppid"
"""A function of libc that nothing else calls here."""

mark = os.getppid


def available() -> bool:
    """Whether valgrind is on the path."""
    return shutil.which("valgrind") is not None


def counts(program: Path, arguments: Sequence[str]) -> list[int]:
    """Instructions between each two marks of a Python program, in order.

    Raises RuntimeError with its last words if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        tool = ["valgrind", "--tool=callgrind", f"--dump-before={_MARK}", f"--callgrind-out-file={out}"]
        # One hash seed: sets and dictionaries of strings are laid out alike in each run.
        environment = {**os.environ, "PYTHONHASHSEED": "0", "CONSENT_GATEWAY_DATA": folder}
        command = [*tool, sys.executable, str(program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        dumps = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        # The first dump is what came before the first mark.
        return [_total(dump) for dump in dumps[1:]]


def _total(dump: Path) -> int:
    with dump.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if match := re.match(r"(?:summary|totals): (\d+)", line):
                return int(match[1])
    raise RuntimeError(f"{dump.name}: no total in callgrind's output")


class Stopwatch:
    """CPU nanoseconds between marks, for where there is no valgrind."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self._last: int | None = None

    def mark(self) -> None:
        """One more place."""
        now = time.process_time_ns()
        if self._last is not None:
            self.taken.append(now - self._last)
        self._last = time.process_time_ns()
