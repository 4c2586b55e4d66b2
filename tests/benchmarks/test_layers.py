"""The map of layers names files that are there."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_file_of_a_layer_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    layers = importlib.import_module("layers")
    named = [name for names in layers.LAYERS.values() for name in names]
    assert [name for name in named if not (ROOT / "gateway" / f"{name}.py").is_file()] == []
    assert layers.layer(str(ROOT / "gateway" / "enforcement" / "cookies.py")) == "cookies"
    assert layers.layer("/usr/lib/python3/asyncio/events.py") == layers.OTHER
