"""Progress is for people: nothing where nobody looks."""

from __future__ import annotations

import pytest

from gateway.cli.progress import counting


def test_nothing_is_shown_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("Counting", 3) as progress:
        progress(1)
        progress(3)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_how_far_and_how_fast(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    with counting("Counting", 1000) as progress:
        for count in range(0, 1001, 100):
            progress(count)
    said = capsys.readouterr().err
    assert "Counting" in said
    assert "1,000" in said
    assert "/s" in said
