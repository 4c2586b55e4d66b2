"""Live and ready."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.endpoints.health import health_routes


@pytest.mark.parametrize(("able", "status"), [(True, 200), (False, 503)])
def test_ready_says_whether_choices_can_be_recorded(able: bool, status: int) -> None:
    async def ready() -> bool:
        return able

    client = TestClient(Starlette(routes=health_routes(prefix="/_choices", ready=ready)))
    answer = client.get("/_choices/health/ready")
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/_choices/health/live").status_code == 200
