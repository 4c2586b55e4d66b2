"""Metrics: for ops, or for this machine; parsed by an independent parser; bounded; used by what docs/ ships."""

from __future__ import annotations

import http.client
import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from tests.proxy.servers import serve
from tests.test_counting import PAGE, shop

DOCS = Path("docs")


def scrape(folder: Path, headers: dict[str, str], *, pages: int = 0, **settings: object) -> tuple[int, str]:
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    app = create_app(Settings(folder=folder, database=url, **settings), shop=shop)  # type: ignore[arg-type]
    with serve(app) as port, closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for number in range(pages):
            page = {**PAGE, "cookie": f"unknown{number}=x; _fbp=1"}
            connection.request("GET", f"/p{number}?gclid=1", headers=page)
            connection.getresponse().read()
        connection.request("GET", "/_choices/metrics", headers=headers)
        answer = connection.getresponse()
        assert answer.headers["cache-control"] == "no-store"
        return answer.status, answer.read().decode()


def test_this_machine_may_read_them(tmp_path: Path) -> None:
    assert scrape(tmp_path, {})[0] == 200


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X_Forwarded_For", "X-Forwarded-Host"]
)
def test_through_a_local_proxy_this_machine_is_anybody(tmp_path: Path, header: str) -> None:
    assert scrape(tmp_path, {header: "127.0.0.1"})[0] == 401
    assert scrape(tmp_path, {header: "127.0.0.1"}, trusted_proxies=("127.0.0.1",))[0] == 401


def test_through_a_proxy_the_token_of_ops_is_needed(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    for role, status in (("ops", 200), ("marketing", 403), ("officer", 403)):
        token = tokens.new(role)  # type: ignore[arg-type]
        assert scrape(tmp_path, {"X-Forwarded-For": "192.0.2.1", "Authorization": f"Bearer {token}"})[0] == status


def test_a_wrong_token_is_not_saved_by_the_address(tmp_path: Path) -> None:
    assert scrape(tmp_path, {"Authorization": "Bearer guess"})[0] == 401


def test_they_parse_and_their_labels_are_of_closed_lists(tmp_path: Path) -> None:
    families = {family.name: family for family in text_string_to_metric_families(scrape(tmp_path, {}, pages=30)[1])}
    enforced = families["consent_gateway_enforced"]
    assert {tuple(sample.labels) for sample in enforced.samples} == {("what", "outcome")}
    found = {(sample.labels["what"], sample.labels["outcome"]): sample.value for sample in enforced.samples}
    assert found["click id", "cut"] == 30
    assert found["cookie", "cut"] == 30
    assert len(found) < 30
    assert not re.search(r"unknown\d|/p\d|nobody-knows", str(found))
    assert families["consent_gateway_record_up"].samples[0].value == 1
    assert families["consent_gateway_record_entries"].samples[0].value > 0


def test_dashboard_and_alerts_ask_for_metrics_that_exist(tmp_path: Path) -> None:
    families = text_string_to_metric_families(scrape(tmp_path, {}, pages=1)[1])
    known = {sample.name for family in families for sample in family.samples}
    grafana = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    asked = [target["expr"] for panel in grafana["panels"] for target in panel["targets"]]
    asked += re.findall(r"expr: (.*)", (DOCS / "alerts.yml").read_text("utf-8"))
    names = {name for text in asked for name in re.findall(r"consent_gateway_\w+", text)}
    assert names == known
