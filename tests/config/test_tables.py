"""Conversion of one table: each fault is one problem, and the others are found all the same."""

from __future__ import annotations

import tomllib
from typing import Annotated, Literal

import msgspec
import pytest

from gateway.config import checks
from gateway.config.tables import BAD, convert_table, shown, suggestion, without_credentials
from gateway.errors import Problem
from gateway.model.categories import Category


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    host: Annotated[str, msgspec.Meta(extra={"check": checks.HOST})]
    category: Category | None = None


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    on: bool = False
    rev: Annotated[int, msgspec.Meta(ge=1)] = 1
    title: str = ""
    mode: Literal["enforce", "report"] = "enforce"
    day: Annotated[str, msgspec.Meta(extra={"check": checks.DATE})] = ""
    names: tuple[str, ...] = ()
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()


def problems(raw: dict[str, object]) -> list[Problem]:
    found: list[Problem] = []
    convert_table(Outer, raw, "", found)
    return found


def test_a_good_table_becomes_a_struct() -> None:
    found: list[Problem] = []
    raw = {
        **{"on": True, "rev": 2, "title": "x", "mode": "report", "names": ["a"]},
        **{"inner": {"host": "a.com", "category": "marketing"}, "inners": [{"host": "b.com"}]},
    }
    inner = Inner(host="a.com", category=Category.MARKETING)
    assert convert_table(Outer, raw, "", found) == Outer(
        on=True, rev=2, title="x", mode="report", names=("a",), inner=inner, inners=(Inner(host="b.com"),)
    )
    assert found == []


@pytest.mark.parametrize(
    ("raw", "key", "expected"),
    [
        pytest.param({"on": "yes"}, "on", "true or false", id="text for a switch"),
        pytest.param({"rev": "1"}, "rev", "a whole number, at least 1", id="text for a number"),
        pytest.param({"rev": 0}, "rev", "a whole number, at least 1", id="number too small"),
        pytest.param({"rev": True}, "rev", "a whole number, at least 1", id="switch for a number"),
        pytest.param({"title": 1}, "title", "a text in quotes", id="number for a text"),
        pytest.param(
            {"mode": "raport"}, "mode", '"enforce" or "report", did you mean report?', id="typing error"
        ),
        pytest.param({"mode": "zzz"}, "mode", '"enforce" or "report"', id="nothing alike"),
        pytest.param({"names": "a"}, "names", "a list, each item a text in quotes", id="text for a list"),
        pytest.param({"names": ["a", 1]}, "names[1]", "a text in quotes", id="item of a list"),
        pytest.param({"inner": 1}, "inner", "a table, [inner]", id="number for a table"),
        pytest.param(
            {"inners": {}}, "inners", "a list of tables, [[inners]]", id="table for a list of tables"
        ),
        pytest.param({"inners": [1]}, "inners[0]", "a table, [inners[0]]", id="number for a table in a list"),
        pytest.param({"inner": {}}, "inner.host", checks.HOST.expected, id="required key missing"),
        pytest.param(
            {"inner": {"host": 1}}, "inner.host", checks.HOST.expected, id="checked text, wrong type"
        ),
        pytest.param({"inner": {"host": "A"}}, "inner.host", checks.HOST.expected, id="check fails"),
        pytest.param({"titel": "x"}, "titel", "another key: did you mean title?", id="unknown key, alike"),
    ],
)
def test_a_fault_names_key_and_expectation(raw: dict[str, object], key: str, expected: str) -> None:
    (problem,) = problems(raw)
    assert (problem.key, problem.expected) == (key, expected)


def test_every_category_is_named_where_one_is_wrong() -> None:
    (problem,) = problems({"inner": {"host": "a.com", "category": "stats"}})
    assert problem.expected == (
        '"necessary" or "preferences" or "statistics" or "marketing", did you mean statistics?'
    )


def test_an_unknown_key_like_no_other_lists_the_keys() -> None:
    (problem,) = problems({"zzzzzz": 1})
    assert problem.expected == "another key: one of on, rev, title, mode, day, names, inner, inners"


def test_a_date_may_be_written_without_quotes() -> None:
    found: list[Problem] = []
    raw = tomllib.loads("day = 2026-01-31")
    assert convert_table(Outer, raw, "", found).day == "2026-01-31"
    (problem,) = problems(tomllib.loads("day = 2026-01-31T00:00:00"))
    assert problem.expected == checks.DATE.expected


def test_a_required_value_with_a_fault_is_reported_once() -> None:
    found: list[Problem] = []
    assert convert_table(Inner, {"host": "A"}, "inner", found) is BAD
    assert len(found) == 1


def test_secrets_in_the_file_are_refused_and_not_printed() -> None:
    (problem,) = problems({"secret": "correct horse"})
    assert "horse" not in str(problem)
    assert "CONSENT_GATEWAY_SECRET" in problem.expected


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("http://u:p@shop/", "http://********@shop/"),
        ("http://shop/a@b", "http://shop/a@b"),
        ("http://u:p@[::1/", "http://********@[::1/"),
        ("shop", "shop"),
    ],
)
def test_passwords_of_urls_are_hidden(url: str, printed: str) -> None:
    assert without_credentials(url) == printed
    assert shown("upstream", url) == printed


def test_a_suggestion_resembles_what_was_written() -> None:
    assert suggestion("gogle-analytics", {"google-analytics", "hotjar"}) == "google-analytics"
    assert suggestion("x", {"google-analytics"}) == ""
