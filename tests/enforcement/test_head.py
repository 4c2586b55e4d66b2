from __future__ import annotations

from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.charset import PRESCAN_BYTES
from gateway.enforcement.head import make_head
from gateway.model.categories import OPTIONAL, State
from gateway.model.decision import Decision

CATALOGUE = load_catalogue()
HEAD = make_head(
    CATALOGUE,
    b"()",
    "/_choices/assets/cm.0123456789ab.js",
    declared=None,
    block_unknown=False,
    first_party=(),
    offered=OPTIONAL,
)
PARTLY = Decision(State.REFUSED, State.GRANTED, State.UNSET)


def test_the_guard_comes_first_then_the_signals() -> None:
    markup = HEAD.markup(PARTLY, "www.shop.test", "YWJj")
    assert markup.count(b'<script nonce="YWJj"') == 2
    assert markup.index(b"/_choices/assets/gd.") < markup.index(b"/_choices/assets/cm.")


def test_where_nothing_is_granted_there_are_no_signals_and_where_all_is_no_guard() -> None:
    closed, opened = State.REFUSED, State.GRANTED
    assert b"/cm." not in HEAD.markup(Decision(closed, closed, closed), "shop.test", "")
    assert b"/gd." not in HEAD.markup(Decision(opened, opened, opened), "shop.test", "")


def test_the_charset_behind_it_is_still_where_browsers_look() -> None:
    assert len(HEAD.markup(PARTLY, "www.shop.test", "n" * 44)) < PRESCAN_BYTES / 2
