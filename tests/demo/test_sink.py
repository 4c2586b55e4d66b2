from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from gateway.demo.record import Record
from gateway.demo.sink import Sink
from gateway.demo.trackers import TRACKERS, Tracker


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def sink(record: Record) -> Iterator[TestClient]:
    with TestClient(Sink(record).app()) as client:
        yield client


def at(label: str, path: str) -> str:
    return f"http://{label}.trackers.localhost:8001{path}"


@pytest.mark.parametrize(
    ("label", "path", "kind"),
    [
        ("googletagmanager", "/gtm.js?id=GTM-SANMU01", "text/javascript"),
        ("google-analytics", "/gtag/js?id=G-1", "text/javascript"),
        ("facebook", "/en_US/fbevents.js", "text/javascript"),
        ("line-scdn", "/n/line_tag/public/release/v1/lt.js", "text/javascript"),
        ("youtube", "/embed/sanmu-mist", "text/html"),
        ("google-maps", "/maps/embed?pb=1", "text/html"),
        ("facebook", "/tr?id=1", "image/gif"),
        ("hotjar", "/gtm.js", "image/gif"),
    ],
)
def test_each_tracker_answers_as_itself(sink: TestClient, label: str, path: str, kind: str) -> None:
    answer = sink.get(at(label, path))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.id)
def test_every_request_is_put_on_record(sink: TestClient, record: Record, tracker: Tracker) -> None:
    sink.get(tracker.origin(8001) + "/a?x=1")
    sink.post(tracker.origin(8001) + "/b")
    (row,) = [row for row in record.report()["trackers"] if row["id"] == tracker.id]
    assert row["requests"] == record.report()["total"] == 2
    assert row["recent"] == ["POST /b", "GET /a"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "other.trackers.localhost", "facebook.localhost", "facebook.trackers.localhost.evil", ""],
)
def test_other_hosts_are_nobody(sink: TestClient, record: Record, host: str) -> None:
    assert sink.get("http://localhost/gtm.js", headers={"host": host}).status_code == 404
    assert record.report()["total"] == 0


def test_a_beacon_is_answered_without_content(sink: TestClient) -> None:
    assert sink.post(at("google-analytics", "/g/collect")).status_code == 204


def test_identifiers_are_seen_in_cookies_and_queries_once_each(sink: TestClient, record: Record) -> None:
    for _ in range(2):
        sink.get(at("facebook", "/tr?fbp=fb.1.2&other=3"), headers={"cookie": "uid=77"})
    (row,) = [row for row in record.report()["trackers"] if row["id"] == "meta-pixel"]
    assert row["ids"] == ["fbp=fb.1.2", "uid=77"]


def test_a_new_browser_gets_a_cookie_of_the_trackers_own(sink: TestClient) -> None:
    assert "uid=hotjar." in sink.get(at("hotjar", "/x")).headers["set-cookie"]
    assert "set-cookie" not in sink.get(at("hotjar", "/x"), headers={"cookie": "uid=1"}).headers
