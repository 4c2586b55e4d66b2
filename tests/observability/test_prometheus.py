"""What is written, the client library's own parser reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.observability.prometheus import Metric, exposition


def test_a_counter_and_a_gauge() -> None:
    text = exposition(
        [
            Metric("cut_total", "counter", 'back\\slash\nand "line"', [({"what": "script", "outcome": "hold"}, 3)]),
            Metric("up", "gauge", "Up.", [({}, 1)]),
        ]
    )
    cut, up = text_string_to_metric_families(text)
    assert (cut.name, cut.type, up.type) == ("consent_gateway_cut", "counter", "gauge")
    assert [(s.labels, s.value) for s in cut.samples] == [({"what": "script", "outcome": "hold"}, 3.0)]
    assert up.samples[0].value == 1


@given(st.text(), st.integers(0, 2**53))
def test_any_label_and_any_number_survive(text: str, number: int) -> None:
    (family,) = text_string_to_metric_families(exposition([Metric("x", "gauge", "h", [({"a": text}, number)])]))
    assert [(sample.labels["a"], sample.value) for sample in family.samples] == [(text, number)]
