"""The page of figures says what was measured, and says so where nothing was."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("all")


def test_without_results_no_row_is_met(figures: ModuleType) -> None:
    rows = figures.rows({})
    assert len(rows) > 10
    assert all(row.met is None and row.measured == figures.NOT_MEASURED for row in rows)


def test_a_row_is_met_from_its_figure_on(figures: ModuleType) -> None:
    pair = "gateway, refused / Privoxy"
    for ratio, met in ((0.99, False), (1.0, True), (1.2, True)):
        rows = figures.rows({"proxy": {"compared": {pair: ratio}}})
        assert [row.met for row in rows if row.what == f"{pair}, varying pages"] == [met]


def test_growth_in_a_straight_line_is_met_and_a_square_is_not(figures: ModuleType) -> None:
    line = {"size": [1, 2, 4, 8], "trackers": [10, 60, 110, 210], "catalogue": [5, 5]}
    square = {"size": [1, 4, 16, 64], "trackers": [10, 35, 110, 410], "catalogue": [5, 50]}
    for growth, met in ((line, True), (square, False)):
        assert [row.met for row in figures.rows({"growth": growth})[-3:]] == [met] * 3


def test_what_a_page_costs_more_and_where_it_goes_is_said(figures: ModuleType) -> None:
    costs = {"bare proxy": 170.0, "gateway, granted": 1170.0, "Privoxy": 190.0, "mitmproxy": 1600.0}
    contenders = [{"name": name, "cpu_us": cost} for name, cost in costs.items()]
    said = " ".join(figures.missed({"proxy": {"contenders": contenders}}).split())
    assert "in C in 190 µs, Python passes it on in 170" in said
    assert "mitmproxy takes is 400 µs" in said
    assert "30 µs more" in said
    assert "it takes 1,000," in said
    assert figures.missed({}) == "Not measured."
    layers = {"one page, refused": {"rewriting": 0.75, "cookies": 0.25}, "empty page, refused": {"cookies": 1.0}}
    assert figures.layers_table({"layers": layers}).splitlines()[2:] == [
        "| one page, refused | 75% | 25% |",
        "| empty page, refused | 0% | 100% |",
    ]


def test_the_chart_is_well_formed_and_has_a_bar_for_each_contender(figures: ModuleType) -> None:
    rows = [{"name": "gateway, <refused>", "rate": 900.0}, {"name": "Privoxy", "rate": 5270.0}]
    root = ElementTree.fromstring(figures.chart({"proxy": {"contenders": rows}}))
    assert [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")][:2] == ["gateway, <refused>", "900"]


def test_the_plot_shows_a_straight_line_as_one_and_a_bend_beside_it(figures: ModuleType) -> None:
    svg = "{http://www.w3.org/2000/svg}"

    def drawn(size: list[float]) -> tuple[list[float], float]:
        root = ElementTree.fromstring(figures.plot({"growth": {"size": size}}))
        last = next(path.attrib["d"] for path in root.iter(f"{svg}path") if "L" in path.attrib["d"])
        return [float(dot.attrib["cy"]) for dot in root.iter(f"{svg}circle")], float(last.rpartition(" ")[2])

    dots, line = drawn([5, 10, 20, 40])
    assert dots[-1] == line
    dots, line = drawn([5, 10, 30, 90])
    assert dots[-1] < line, "the page's y grows downwards"
    assert ElementTree.fromstring(figures.plot({})) is not None


@pytest.mark.parametrize(("ratio", "wait", "met"), [(0.5, 49.9, True), (0.49, 20.0, False), (9.0, 50.0, False)])
def test_events_have_to_be_both_many_and_prompt(figures: ModuleType, ratio: float, wait: float, met: bool) -> None:
    rows = figures.rows({"commits": {"ratio": ratio, "p99_ms": wait}})
    assert [row.met for row in rows if row.what.startswith("events acknowledged")] == [met]
