"""The statement about the signal."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.endpoints.gpc import PATH, gpc_routes


@pytest.mark.parametrize(
    ("date", "body"),
    [("2026-11-01", {"gpc": True, "lastUpdate": "2026-11-01"}), ("", {"gpc": True})],
)
def test_the_statement_has_two_members(date: str, body: dict[str, object]) -> None:
    answer = TestClient(Starlette(routes=gpc_routes(stated_on=date))).get(PATH)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == body
