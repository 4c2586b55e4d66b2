"""Staff read what their role may, at a real gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.tokens import ROLES, Role, Tokens
from tests.test_counting import visiting

PAGES: dict[str, Role] = {"stats": "marketing", "stats.csv": "marketing", "dashboard": "marketing"}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("shown", [None, *ROLES])
def test_the_matrix_of_pages_and_roles(tmp_path: Path, page: str, shown: Role | None) -> None:
    headers = {} if shown is None else {"authorization": f"Bearer {Tokens(tmp_path).new(shown)}"}
    with visiting(tmp_path) as client:
        answer = client.get(f"/_choices/{page}", headers=headers)
    assert answer.status_code == (401 if shown is None else 200 if shown == PAGES[page] else 403)
    assert answer.headers["cache-control"] == "no-store"
