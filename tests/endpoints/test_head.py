"""The record's head, for anyone."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.endpoints.head import head_routes
from gateway.errors import LedgerUnavailable
from gateway.model.entry import GENESIS, Entry, seal
from tests.ledger.events import choice

ENTRY = seal(choice(1), seq=1, prev=GENESIS, salt=bytes(32))


def client(entry: Entry | None, away: bool = False) -> TestClient:
    async def last() -> Entry | None:
        if away:
            raise LedgerUnavailable("/srv/ledger.sqlite: away")
        return entry

    return TestClient(Starlette(routes=head_routes(prefix="/_choices", last=last)))


def test_number_hash_and_day_and_nothing_else() -> None:
    answer = client(ENTRY).get("/_choices/head.json")
    assert answer.json() == {"seq": 1, "head": ENTRY.head.hex(), "day": ENTRY.day}
    assert answer.headers["cache-control"] == "no-store"


def test_an_empty_record_has_the_head_of_an_empty_record() -> None:
    assert client(None).get("/_choices/head.json").json() == {"seq": 0, "head": "00" * 32, "day": None}


def test_a_record_that_is_away_says_so_and_not_where_it_is() -> None:
    answer = client(None, away=True).get("/_choices/head.json")
    assert answer.status_code == 503
    assert "srv" not in answer.text
