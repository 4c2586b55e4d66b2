"""What the statistics endpoint answers, and what it does not."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.config.tokens import Tokens
from gateway.endpoints.roles import Guard
from gateway.endpoints.stats import stats_routes
from gateway.endpoints.throttle import Throttle
from gateway.ledger import open_ledger, open_tallies
from gateway.ledger.figures import Figures
from gateway.statistics.cell import Cell

MONDAY = 20_003
NOW = (MONDAY + 9) * 86_400.0


async def noted(role: str, what: str) -> None:
    """Nobody looks."""


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"

    async def fill() -> None:
        ledger = open_ledger(url)
        await ledger.open()
        await open_tallies(url).settle("week", MONDAY)
        counts = {"shown": 203, "accept_all": 61, "refuse_all": 41, "save": 12}
        await open_tallies(url).add([(MONDAY, Cell(what), n) for what, n in counts.items()])
        await ledger.close()

    asyncio.run(fill())
    tokens = Tokens(tmp_path)
    guard = Guard(tokens, Throttle(lambda: NOW), noted)
    routes = stats_routes(prefix="/_choices", guard=guard, figures=Figures(open_tallies(url), lambda: NOW))
    headers = {"authorization": f"Bearer {tokens.new('marketing')}"}
    return TestClient(Starlette(routes=routes), headers=headers)


def test_the_totals_of_a_closed_week(client: TestClient) -> None:
    answer = client.get("/_choices/stats")
    assert answer.headers["cache-control"] == "no-store"
    (week,) = answer.json()["periods"]
    counts = week["rows"][0]["counts"]
    assert [counts[name] for name in ("shown", "decisions", "save", "gpc")] == [205, 115, 10, None]
    assert week["rows"][0]["rates"]["interaction"] == {"rate": 0.561, "formula": "decisions / shown"}


def test_the_same_as_csv(client: TestClient) -> None:
    answer = client.get("/_choices/stats.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["measure"]: row["number"] for row in rows}["shown"] == "205"


@pytest.mark.parametrize(
    "query",
    [
        "by=device",
        "by=locale&by=browser",
        "by=locale,browser",
        "period=day",
        "period=hour",
        "period=week&period=month",
        "from=2026-11-01",
        "since=1&until=2",
        "by=locale&locale=en",
        "limit=1",
        "k=1",
    ],
)
def test_other_bounds_and_two_dimensions_are_400(client: TestClient, query: str) -> None:
    for path in ("stats", "stats.csv"):
        answer = client.get(f"/_choices/{path}?{query}")
        assert answer.status_code == 400
        assert "expected" in answer.text or "finer" in answer.text


@pytest.mark.parametrize("by", ["category", "locale", "browser", "surface", "service"])
@pytest.mark.parametrize("period", ["week", "month"])
def test_each_dimension_can_be_asked_in_each_period(client: TestClient, by: str, period: str) -> None:
    assert client.get(f"/_choices/stats?by={by}&period={period}").status_code == 200


def test_a_record_that_is_away_is_503(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").unlink()
    assert client.get("/_choices/stats").status_code == 503
