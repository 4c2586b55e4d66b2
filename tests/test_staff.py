"""Staff read what their role may, at a real gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.config.tokens import ROLES, Role, Tokens
from gateway.ledger import open_ledger
from gateway.model.entry import Entry, Kind
from tests.test_counting import visiting

PAGES: dict[str, Role] = {"stats": "marketing", "stats.csv": "marketing", "dashboard": "marketing", "metrics": "ops"}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("shown", [None, *ROLES])
def test_the_matrix_of_pages_and_roles(tmp_path: Path, page: str, shown: Role | None) -> None:
    headers = {} if shown is None else {"authorization": f"Bearer {Tokens(tmp_path).new(shown)}"}
    with visiting(tmp_path) as client:
        answer = client.get(f"/_choices/{page}", headers=headers)
    assert answer.status_code == (401 if shown is None else 200 if shown == PAGES[page] else 403)
    assert answer.headers["cache-control"] == "no-store"
    reads = [entry.body for entry in entries(tmp_path) if entry.kind is Kind.READ]
    expected = [] if answer.status_code != 200 or page == "metrics" else [(shown, page)]
    assert [(body["role"], body["what"]) for body in reads if body] == expected


def entries(folder: Path) -> list[Entry]:
    async def whole() -> list[Entry]:
        return [entry async for entry in open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}").entries()]

    return asyncio.run(whole())
