"""Whatever is killed, restarted or away: no acknowledged choice is lost or doubled, and no refusal leaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.trouble import VISITORS, storm
from tests.nginx.server import needs_nginx
from tests.postgres import Server


@needs_nginx
@pytest.mark.timeout(600)
def test_kills_restarts_and_outages_lose_double_and_leak_nothing(postgres: Server, tmp_path: Path) -> None:
    seen = storm(tmp_path, postgres, rounds=1, away=3.0, calm=1.0)
    assert seen.wrong() == []
    assert seen.acknowledged > VISITORS
