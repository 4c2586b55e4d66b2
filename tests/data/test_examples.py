"""The configurations shipped as examples are sound."""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from gateway.config.loading import read_settings
from gateway.config.settings import ServiceEntry
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.model.register import CODES

EXAMPLES = sorted(Path(str(files("gateway") / "data" / "examples")).glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_no_problem_no_gap_and_no_warning(path: Path) -> None:
    reading = read_settings(path, {"HOME": "/"}, catalogue=load_catalogue(), today=date(2026, 11, 25))
    assert reading.problems == ()
    assert reading.review.gaps == ()
    assert reading.review.warnings == ()


def test_the_tenants_example_shows_each_purpose_and_each_key_of_a_service() -> None:
    (path,) = (path for path in EXAMPLES if path.name == "tenant.toml")
    settings = read_settings(path, {"HOME": "/"}, catalogue=load_catalogue()).settings
    assert {entry.code for entry in settings.services} == set(CODES)
    shown = set(re.findall(r"^(?:# )?(\w+) = ", path.read_text("utf-8"), re.M))
    assert set(ServiceEntry.__struct_fields__) <= shown
    assert settings.scope == "/000489/"
