"""Unknown names are shown without what identifies a visitor."""

from __future__ import annotations

import pytest

from gateway.model.masking import masked
from gateway.model.pattern import Pattern


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("uid_84210", "uid_*"),
        ("cart", "cart"),
        ("cafe", "cafe"),
        ("facade", "facade"),
        ("deadbeef", "*"),
        ("s-550e8400-e29b-41d4-a716-446655440000", "s-*"),
        ("s_A1B2_end", "s_*_end"),
        ("v2", "v*"),
        ("10.0.0.1", "*"),
        ("", ""),
    ],
    ids=str,
)
def test_digits_and_hex_runs_are_masked(name: str, shown: str) -> None:
    assert masked(name) == shown
    assert Pattern(shown).matches(name)


def test_a_name_of_any_length_is_short_when_shown() -> None:
    assert masked("x" * 500) == "x" * 80
