"""The growth that is measured is the one that is said."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def growth(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("growth")


def test_every_run_has_a_count_of_its_own(growth: ModuleType) -> None:
    marks: list[None] = []
    growth.work(lambda: marks.append(None))
    assert len(marks) == 2 * (len(growth.FACTORS) + len(growth.TRACKERS) + 2)


def test_pages_grow_by_the_factor_and_hold_the_trackers(growth: ModuleType) -> None:
    assert 7.5 < len(growth.grown(8)) / len(growth.grown(1)) < 8.5
    plain = growth.tracked(0).count(b"googletagmanager")
    assert growth.tracked(50).count(b"googletagmanager") == plain + 50


def test_made_up_services_are_known_to_the_policy(growth: ModuleType) -> None:
    services = growth.made_up(30)
    catalogue = growth.load_catalogue(services)
    assert catalogue.for_url("cdn7.invented-7.example", "/x.js").id == "made-up-7"
    assert len(catalogue.services) == len(growth.load_catalogue().services) + 30
