"""The fuzzer's properties, for inputs that hypothesis makes of the same seeds and words."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import SEEDS, WORDS
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_hold(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


def pieces(name: str) -> st.SearchStrategy[bytes]:
    """Seeds, words and anything, one behind the other."""
    piece = st.one_of(st.sampled_from(WORDS), st.sampled_from(SEEDS[name]), st.binary(max_size=6))
    return st.builds(lambda first, rest: first + b"".join(rest), st.binary(max_size=2), st.lists(piece, max_size=8))


@pytest.mark.parametrize("name", TARGETS)
def test_every_property_holds_for_whatever_comes(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(pieces(name))
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()


@pytest.mark.timeout(400)
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
@pytest.mark.parametrize("name", ["rewriter", "cookies", "headers"])
def test_the_fuzzer_runs(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "fuzz"), name, "-runs=300", "-seed=1"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert not list(tmp_path.iterdir())
