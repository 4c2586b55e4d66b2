from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.handlers import judge_handler, judge_leading
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

REMOVE = policy(Fate.REMOVE)
LOADER = "new Image().src='//counter.test/a.gif'"


@pytest.mark.parametrize(
    ("handler", "fate"),
    [
        ("onload=\"count('view')\"", Fate.REMOVE),
        ("onerror='count&#40;1)'", Fate.REMOVE),
        (f'onload="{LOADER}"', Fate.REMOVE),
        ("onload='start()'", Fate.KEEP),
        # A click on "buy" may report itself to a tracker that is there; it must still put the goods in the basket.
        ("onclick=\"count('buy'); basket.add(1)\"", Fate.KEEP),
        (f'onclick="{LOADER}; basket.add(1)"', Fate.REMOVE),
        ("onmouseover='light()'", Fate.KEEP),
    ],
)
def test_what_runs_by_itself_is_judged_by_marks_and_what_a_visitor_does_by_what_it_loads(
    handler: str, fate: Fate
) -> None:
    (attribute,) = start_tag(f"<b {handler}>".encode()).attributes
    assert judge_handler(attribute, REMOVE).fate is fate


@pytest.mark.parametrize(
    ("address", "fate"),
    [
        (f"javascript:{LOADER}", Fate.REMOVE),
        (f" Java&#10;script:{LOADER}", Fate.REMOVE),
        ("javascript:count(1)", Fate.KEEP),
        ("//counter.test/a.js", Fate.KEEP),
    ],
)
def test_an_address_that_is_a_script_is_a_handler(address: str, fate: Fate) -> None:
    (attribute,) = start_tag(f'<a href="{address}">'.encode()).attributes
    assert judge_leading(attribute, REMOVE).fate is fate
