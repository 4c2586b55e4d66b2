"""The sheet of pictures that is kept."""

from __future__ import annotations

from pathlib import Path

SHEET = Path(__file__).parents[2] / "docs" / "contact-sheet.jpg"


def test_the_sheet_is_a_picture_and_small() -> None:
    picture = SHEET.read_bytes()
    assert picture.startswith(b"\xff\xd8\xff")
    assert 100_000 < len(picture) < 400_000
