"""The demo's history is plausible, told, and marked as made up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.demo.history import WEEKS, write_history
from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.figures import Figures
from gateway.staff import SAMPLE

TODAY = 20_783


def test_every_week_is_told_and_the_record_says_that_it_is_made_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    asyncio.run(write_history(url, TODAY))
    figures = Figures(open_tallies(url), lambda: TODAY * 86_400.0)
    parts = asyncio.run(figures.report()).parts
    assert len(parts) in (WEEKS - 1, WEEKS)
    assert all(part.enough for part in parts)
    for part in parts:
        assert 0.4 < (part.rows[0].rates["acceptance"] or 0) < 0.7
    assert asyncio.run(open_ledger(url).recall(SAMPLE))
    assert len(asyncio.run(figures.report("service")).parts[-1].rows) > 5
