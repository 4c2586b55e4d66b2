"""Charts: well-formed, no inline style, gaps where nothing may be told."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from gateway.endpoints.charts import bar, lines

RATES = st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=40)


@given(RATES)
def test_every_rate_told_is_a_point_inside_the_picture(rates: list[float | None]) -> None:
    labels = [f"2026-W{number}" for number in range(len(rates))]
    svg = ElementTree.fromstring(lines(labels, [("one", rates)], "a <b>"))
    points = svg.findall("circle")
    assert len(points) == sum(rate is not None for rate in rates)
    assert all(0 < float(point.attrib["cx"]) < 720 and 0 < float(point.attrib["cy"]) < 300 for point in points)
    assert svg.attrib["aria-label"] == "a <b>"
    assert "style" not in lines(labels, [("one", rates)], "")


def test_a_gap_interrupts_the_line() -> None:
    svg = ElementTree.fromstring(lines(list("abcde"), [("one", [0.1, 0.2, None, 0.3, 0.4])], ""))
    assert [len(line.attrib["points"].split()) for line in svg.findall("polyline")] == [2, 2]


def test_a_bar_is_as_long_as_its_share_and_nothing_for_none() -> None:
    assert ElementTree.fromstring(bar(0.25)).findall("rect")[1].attrib["width"] == "25.0"
    assert bar(None) == ""
