"""The same numbers in three forms, each rate with its formula."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

from gateway.statistics.cell import Cell
from gateway.statistics.formats import COLUMNS, as_csv, as_dict, as_json, as_text, lines
from gateway.statistics.report import Report, report
from tests.statistics.histories import counts_of
from tests.statistics.test_report import BUSY, MONDAY, WEEKS

BETWEEN = counts_of([(20, choices, "en", "chrome", "banner") for choices in (1, 2)], [])


def answer(by: str = "") -> Report:
    busy = BUSY + BETWEEN if by == "category" else BUSY
    return report({MONDAY: busy, MONDAY + 7: Counter({Cell("save"): 3})}, WEEKS, (MONDAY + 16) * 86_400.0, by=by)


def test_json_says_what_is_hidden_and_beside_each_rate_its_formula() -> None:
    found = json.loads(as_json(answer()))
    busy, quiet = found["periods"]
    assert busy["rows"][0]["counts"]["save"] is None
    assert busy["rows"][0]["rates"]["acceptance"] == {"rate": 0.625, "formula": "accept_all / decisions"}
    assert (busy["enough"], quiet["enough"]) == (True, False)
    assert quiet["message"] == "not enough data: fewer than 10 decisions"
    assert (found["k"], found["rounded_to"], found["by"]) == (10, 5, None)


def test_csv_has_a_line_for_each_number() -> None:
    head, *rows = csv.reader(io.StringIO(as_csv(answer("category"))))
    assert tuple(head) == COLUMNS
    assert ["statistics", "granted", "120", ""] in [row[4:] for row in rows]
    assert ["statistics", "category_rate", "0.6", "granted / decisions"] in [row[4:] for row in rows]
    assert ["marketing", "granted", "", ""] in [row[4:] for row in rows]
    assert {row[3] for row in rows} == {"category"}


def test_text_says_the_formulas_and_what_is_not_enough() -> None:
    text = as_text(answer())
    assert "acceptance                          62.5%   accept_all / decisions" in text
    assert "not enough data" in text
    assert "No period is told yet" in as_text(report({}, WEEKS, 0.0))


def test_what_is_sent_on_are_the_counts_told_and_no_others() -> None:
    sent = list(lines(answer()))
    assert {line["measure"]: line["count"] for line in sent} == {"shown": 400, "decisions": 160, "accept_all": 100}
    assert {line["period"] for line in sent} == {as_dict(answer())["periods"][0]["period"]}
