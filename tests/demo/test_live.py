from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from gateway.demo.live import Live
from gateway.demo.record import Record, Sight
from gateway.demo.trackers import TRACKERS


@pytest.fixture
def guarded() -> Record:
    return Record()


@pytest.fixture
def bare() -> Record:
    return Record()


@pytest.fixture
def live(guarded: Record, bare: Record) -> Iterator[TestClient]:
    shops = ("http://localhost:8000/", "http://127.0.0.1:8002/")
    with TestClient(Live(guarded, bare, shops).app()) as client:
        yield client


def test_the_page_shows_both_sides_without_a_script(live: TestClient, guarded: Record, bare: Record) -> None:
    bare.hit(TRACKERS[0], "GET /<gtm>.js", ["uid=1"])
    guarded.seen(Sight("GET /cart/", ("sessionid",), "necessary=1;marketing=0"))
    page = live.get("/").text
    assert "uid=1<br>GET /&lt;gtm&gt;.js" in page
    assert '<output id="guarded-total">0</output>' in page
    assert '<output id="bare-total">1</output>' in page
    assert "necessary=1;marketing=0" in page
    assert "http://localhost:8000/" in page
    assert all(tracker.name in page for tracker in TRACKERS)


def test_the_state_is_what_the_records_hold(live: TestClient, guarded: Record, bare: Record) -> None:
    guarded.seen(Sight("GET /", (), ""))
    assert live.get("/state.json").json() == {"guarded": guarded.report(), "bare": bare.report()}


def test_reset_forgets_both_sides(live: TestClient, guarded: Record, bare: Record) -> None:
    guarded.hit(TRACKERS[0], "GET /", [])
    bare.hit(TRACKERS[1], "GET /", [])
    bare.seen(Sight("GET /", (), ""))
    assert live.post("/reset").url.path == "/"
    assert guarded.report()["total"] == bare.report()["total"] == len(bare.shop) == 0


def test_another_site_cannot_reset(live: TestClient, bare: Record) -> None:
    bare.hit(TRACKERS[1], "GET /", [])
    assert live.post("/reset", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert bare.report()["total"] == 1


@pytest.mark.parametrize("file", ["live.css", "live.js"])
def test_the_page_has_its_files(live: TestClient, file: str) -> None:
    assert live.get(f"/files/{file}").status_code == 200
