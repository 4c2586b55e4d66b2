from __future__ import annotations

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.common_attributes import edit_common
from gateway.enforcement.edit import Count
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

HOLD, REMOVE = policy(Fate.HOLD), policy(Fate.REMOVE)
MARKS = 'data-consent-category="statistics" data-consent-service="counter"'


def edited(tag: str, fate: Fate = Fate.REMOVE) -> str | None:
    change = edit_common(start_tag(tag.encode()), policy(fate))
    return None if change is None else change.output.decode()


def test_a_handler_waits_with_its_element_or_goes() -> None:
    assert edited('<b onload="count(1)">') == "<b>"
    assert edited('<b onload="count(1)">', Fate.HOLD) == f'<b data-consent-onload="count(1)" {MARKS}>'
    assert edited(f'<img onload="count(1)" {MARKS}>', Fate.HOLD) == f'<img data-consent-onload="count(1)" {MARKS}>'
    assert edited(f'<img onload="advertise(1)" {MARKS}>', Fate.HOLD) == f"<img {MARKS}>"


def test_drawings_refer_to_others_in_their_presentation() -> None:
    assert edited("<rect fill='url(//counter.test/a#b)' stroke='url(#c)'>") == (
        "<rect fill=\"url(data:,)\" stroke='url(#c)'>"
    )


def test_what_reports_goes_and_is_counted() -> None:
    change = edit_common(start_tag(b"<a ping='/own //counter.test/' attributionsrc background=/a>"), HOLD)
    assert change is not None
    assert change.output == b"<a background=/a>"
    assert change.counts == (Count("counter", "ping", Fate.REMOVE), Count("unknown", "ping", Fate.REMOVE))


def test_others_stay() -> None:
    assert edited("<form action=//counter.test/ onsubmit='return check()' style='a:url(/b)' onload=go()>") is None
