from __future__ import annotations

import json
from collections import Counter

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gateway.endpoints.csp_reports import csp_report_routes
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category
from gateway.model.service import Service

CATALOGUE = Catalogue([Service("tracker", "Tracker", Category.MARKETING, hosts=("tracker.test",))])
OLD, NEW = "application/csp-report", "application/reports+json"


class Desk:
    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        routes = csp_report_routes(prefix="/_c", catalogue=CATALOGUE, count=self.count)
        self.client = TestClient(Starlette(routes=routes))

    def count(self, what: str, service: str, outcome: str) -> None:
        self.counts[what, service, outcome] += 1

    def post(self, kind: str, body: object) -> int:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.post("/_c/csp-report", content=content, headers={"content-type": kind})
        assert answer.headers["cache-control"] == "no-store"
        return answer.status_code


@pytest.fixture
def desk() -> Desk:
    return Desk()


def old(blocked: object, **more: object) -> dict[str, object]:
    return {"csp-report": {"document-uri": "https://shop.test/secret?id=1", "blocked-uri": blocked, **more}}


def new(blocked: object, **more: object) -> dict[str, object]:
    return {"type": "csp-violation", "url": "https://shop.test/secret", "body": {"blockedURL": blocked, **more}}


def test_both_forms_are_counted_by_service(desk: Desk) -> None:
    assert desk.post(OLD, old("https://a.tracker.test/t.js")) == 204
    assert desk.post(NEW, [new("https://tracker.test/", disposition="enforce"), new("https://x.test/secret")]) == 204
    assert desk.counts == {("csp", "tracker", "blocked"): 2, ("csp", "unknown", "blocked"): 1}


def test_report_only_is_counted_apart(desk: Desk) -> None:
    desk.post(OLD + "; charset=utf-8", old("https://tracker.test/t.js", disposition="report"))
    assert desk.counts == {("csp", "tracker", "reported"): 1}


@pytest.mark.parametrize(
    ("blocked", "service"),
    [
        ("inline", "inline"),
        ("eval", "inline"),
        ("", "unknown"),
        ("data", "unknown"),
        ("made-up-word", "unknown"),
        ("https://" + "x" * 3000 + ".test/", "unknown"),
        ("https:///", "unknown"),
        ("data:,x", "unknown"),
        ("https:relative", "unknown"),
    ],
)
def test_whatever_a_browser_names_the_labels_are_few(desk: Desk, blocked: str, service: str) -> None:
    assert desk.post(OLD, old(blocked)) == 204
    assert desk.counts == {("csp", service, "blocked"): 1}


def test_other_reports_are_taken_and_not_counted(desk: Desk) -> None:
    assert desk.post(NEW, [{"type": "deprecation", "body": {}}]) == 204
    assert desk.counts == {}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (OLD, b""),
        (OLD, b"{"),
        (OLD, b"\xff"),
        (OLD, []),
        (OLD, {}),
        (OLD, {"csp-report": []}),
        (OLD, old(7)),
        (OLD, b"[" * 10_000),
        (NEW, {}),
        (NEW, [1]),
        (NEW, [new("https://tracker.test/"), new(None)]),
        (NEW, [{"type": "csp-violation"}]),
    ],
)
def test_what_is_no_report_is_refused_and_nothing_of_it_counted(desk: Desk, kind: str, body: object) -> None:
    assert desk.post(kind, body) == 400
    assert desk.counts == {}


def test_a_report_has_at_most_16_kilobytes(desk: Desk) -> None:
    assert desk.post(OLD, old("https://tracker.test/" + "x" * 17_000)) == 413


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json"])
def test_another_type_is_refused(desk: Desk, kind: str) -> None:
    assert desk.post(kind, old("https://tracker.test/")) == 415


def test_reports_are_posted(desk: Desk) -> None:
    assert desk.client.get("/_c/csp-report").status_code == 405
