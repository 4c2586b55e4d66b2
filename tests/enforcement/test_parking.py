from __future__ import annotations

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.page_policy import Verdict
from gateway.enforcement.parking import marking, moved, parked_script
from gateway.model.categories import Category, Fate
from tests.enforcement.trackers import COUNTER

HELD = Verdict(Fate.HOLD, (COUNTER,), (Category.STATISTICS, Category.MARKETING))


def test_an_address_is_moved_as_it_was_written() -> None:
    tag = start_tag(b"<use xlink:href='//counter.test/?a&amp;b=\"1\"' href=/x>")
    assert moved(tag, ["xlink:href"]) == {
        "xlink:href": b'data-consent-xlink-href="//counter.test/?a&amp;b=&quot;1&quot;"'
    }


def test_the_marks_name_all_that_is_waited_for() -> None:
    assert marking(HELD) == b'data-consent-category="statistics marketing" data-consent-service="counter"'


def test_a_script_keeps_its_type_for_later() -> None:
    tag = start_tag(b"<script type=module integrity=i>")
    assert parked_script(tag, {}, HELD) == (
        b'<script integrity=i type="text/plain" data-consent-category="statistics marketing"'
        b' data-consent-service="counter" data-consent-type="module">'
    )
