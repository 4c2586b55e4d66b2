"""When a shop has a second wall, and that the whole gateway sends it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app
from gateway.config.settings import Csp, ServiceEntry, Settings
from gateway.registry import Registry
from gateway.second_wall import behind, second_wall
from tests.test_app import Answer, Shop, Visitor, settings, visiting

ANALYTICS = (ServiceEntry(id="google-analytics"),)


def chosen(**values: Any) -> str:
    settings = Settings(**values)
    wall = second_wall(settings, Registry(settings))
    return "none" if wall is None else "enforced" if wall.enforced else "reports"


def test_it_stands_where_unknown_third_parties_are_blocked() -> None:
    assert chosen() == "none"
    assert chosen(services=ANALYTICS) == "enforced"
    assert chosen(unknown="block") == "enforced"
    assert chosen(services=ANALYTICS, unknown="pass") == "none"
    assert chosen(services=ANALYTICS, csp=Csp(mode="off")) == "none"
    assert chosen(services=ANALYTICS, csp=Csp(mode="report")) == "reports"
    assert chosen(csp=Csp(mode="report")) == "reports"


def test_what_does_not_fit_is_logged_once(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.WARNING, logger="gateway.second_wall"):
        create_app(settings(tmp_path, services=ANALYTICS), shop=Shop())
        assert not caplog.records
        create_app(settings(tmp_path, services=(ServiceEntry(id="dmp"),)), shop=Shop())
    (record,) = caplog.records
    assert "csp.longest" in record.getMessage()
    assert "expected at least " in record.getMessage()


def test_without_a_wall_nothing_stands_in_between() -> None:
    shop = Shop()
    assert behind(None, shop, policy_for=None, make_policy=None, untouched=None) is shop  # type: ignore[arg-type]


def policies(answer: Answer, name: str = "content-security-policy") -> list[str]:
    return answer.all(name)


def test_a_declared_shop_gets_the_wall_and_its_own_policy_stays(tmp_path: Path) -> None:
    shop = Shop()
    shop.headers += [(b"content-security-policy", b"script-src a.example; report-uri https://evil.example/r")]
    app = create_app(settings(tmp_path, services=ANALYTICS, untouched_paths=("/pay/",)), shop=shop)
    with visiting(app) as visitor:
        theirs, ours = policies(visitor.get())
        assert theirs == "script-src a.example shop.example/_choices/"
        assert ours.startswith("default-src 'self' shop.example:* *.shop.example:* ")
        assert "google-analytics.com" not in ours
        assert b"data-consent-reload" in visitor.get().body
        assert policies(visitor.get("/pay/1")) == ["script-src a.example"]
        assert len(policies(visitor.get("/_choices/"))) == 1
        cookie = accepted(visitor)
        assert "google-analytics.com" in policies(visitor.get(cookie=cookie))[1]


def accepted(visitor: Visitor) -> str:
    return visitor.post("/_choices/choice", "action=accept&rev=1&return=/").cookie()


def test_reports_are_counted_by_service(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, services=ANALYTICS), shop=Shop())
    with visiting(app) as visitor:
        body = '{"csp-report":{"blocked-uri":"https://connect.facebook.net/en_US/fbevents.js"}}'
        assert visitor.post("/_choices/csp-report", body, Content_Type="application/csp-report").status == 204
    assert [(series.service, series.outcome) for series, _ in app.counters.rows() if series.what == "csp"] == [
        ("meta-pixel", "blocked")
    ]


def test_in_a_trial_and_for_rollout_pages_need_no_reload(tmp_path: Path) -> None:
    for values in ({}, {"services": ANALYTICS, "csp": Csp(mode="report")}):
        with visiting(create_app(settings(tmp_path, **values), shop=Shop())) as visitor:
            answer = visitor.get()
            assert policies(answer) == []
            assert bool(policies(answer, "content-security-policy-report-only")) == bool(values)
            assert b"data-consent-reload" not in answer.body
