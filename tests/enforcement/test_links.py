"""Links to other hosts lose per-person ids; everything else about them stays."""

from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.elements import edit
from gateway.enforcement.links import edit_link
from gateway.model.categories import Category, Fate
from tests.enforcement.trackers import policy, rewritten

REFUSED = policy(Fate.REMOVE)
CLICK_ID = Count("unknown", "click id", Fate.REMOVE)


@pytest.mark.parametrize("state", [Fate.REMOVE, Fate.HOLD])
@pytest.mark.parametrize(
    ("tag", "after"),
    [
        pytest.param(b'<a href="https://o.test/x?gclid=1&b=2#c" rel="noopener">',
                     b'<a href="https://o.test/x?b=2#c" rel="noopener">', id="one id"),
        pytest.param(b"<A CLASS=a HREF='//o.test/?fbclid=1' REL='noreferrer' id=b>",
                     b"<A CLASS=a href=\"//o.test/\" REL='noreferrer' id=b>", id="the rest of the tag stays"),
        pytest.param(b'<a rel=noopener href="//o.test/?a=1&amp;gclid=1&amp;b=&quot;">',
                     b'<a rel=noopener href="//o.test/?a=1&amp;b=&quot;">', id="references"),
        pytest.param(b'<a rel=noopener href="//o.test/?a=&quot;1&gclid=1">',
                     b'<a rel=noopener href="//o.test/?a=&quot;1">', id="a quote"),
        pytest.param(b"<a rel=noopener href=//o.test/?a=1&gclid=1&copy=2>",
                     b'<a rel=noopener href="//o.test/?a=1&copy=2">', id="no quotes, what looks like a reference"),
        pytest.param(b'<a rel=noopener href="//o.test/?\xe4\xbd\xa0=\xff&gclid=1">',
                     b'<a rel=noopener href="//o.test/?\xe4\xbd\xa0=\xff">', id="bytes that are no text"),
        pytest.param(b'<area rel=noopener href="http://o.test?gclid">', b'<area rel=noopener href="http://o.test">',
                     id="an area"),
        pytest.param(b'<a rel=noopener xlink:href="//o.test?gclid"/>', b'<a rel=noopener xlink:href="//o.test"/>',
                     id="a link in SVG"),
        pytest.param(b'<a rel=noopener xlink:href="#b" href="//o.test?gclid"/>',
                     b'<a rel=noopener xlink:href="#b" href="//o.test"/>', id="a link in SVG with both"),
    ],
)  # fmt: skip
def test_ids_leave_the_address(tag: bytes, after: bytes, state: Fate) -> None:
    assert edit_link(start_tag(tag), policy(state)) == Edit(after, False, (CLICK_ID,))


@pytest.mark.parametrize(
    ("tag", "after"),
    [
        pytest.param(b'<a href="//o.test/">', b'<a href="//o.test/" rel="noopener">', id="none yet"),
        pytest.param(b'<a href="//o.test/" />', b'<a href="//o.test/" rel="noopener"/>', id="a slash"),
        pytest.param(b"<a rel=nofollow href=//o.test>", b'<a rel="nofollow noopener" href=//o.test>', id="another"),
        pytest.param(b"<a rel='opener&quot;' href=//o.test>", b'<a rel="opener&quot; noopener" href=//o.test>',
                     id="the opposite"),
        pytest.param(b"<a rel href=//o.test>", b'<a rel="noopener" href=//o.test>', id="an empty one"),
    ],
)  # fmt: skip
def test_no_other_host_gets_a_handle_on_the_page(tag: bytes, after: bytes) -> None:
    assert edit_link(start_tag(tag), REFUSED) == Edit(after)


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param(b'<a href="/x?gclid=1">', id="local"),
        pytest.param(b'<a href="https://www.shop.test/x?gclid=1">', id="the shop's other host"),
        pytest.param(b'<a href="https://pay.cloud.test/3ds?gclid=1&sig=2">', id="a necessary service, may be signed"),
        pytest.param(b'<a href="mailto:a@o.test?gclid=1">', id="mail"),
        pytest.param(b'<a href="javascript:go(\'?gclid=1\')">', id="script"),
        pytest.param(b'<a name="x">', id="no address"),
        pytest.param(b'<a href="//o.test/?gclid1=2" rel="x NOOPENER">', id="nothing to do"),
        pytest.param(b'<a href="/x" href="//o.test/?gclid=1">', id="the first address counts"),
    ],
)
def test_other_links_stay_byte_for_byte(tag: bytes) -> None:
    assert edit_link(start_tag(tag), REFUSED) is None


def test_with_marketing_granted_links_are_the_shops_own() -> None:
    tag = start_tag(b'<a href="//o.test/?gclid=1">')
    assert edit_link(tag, policy(Fate.REMOVE, granted=[Category.MARKETING])) is None


def test_several_ids_are_several_counts() -> None:
    change = edit_link(start_tag(b'<a href="//o.test/?gclid=1&fbclid=2">'), REFUSED)
    assert change is not None
    assert change.counts == (CLICK_ID, CLICK_ID)


def test_a_link_loses_its_ids_and_its_ping_together() -> None:
    change = edit(start_tag(b'<a href="//o.test/?gclid=1" ping="//counter.test/p" rel=noopener>'), REFUSED)
    assert change is not None
    assert change.output == b'<a href="//o.test/" rel=noopener>'
    assert [count.what for count in change.counts] == ["click id", "ping"]


@pytest.mark.parametrize(
    ("page", "after"),
    [
        pytest.param(b'<a href="//o.test/?gclid=1">a</a>', b'<a href="//o.test/" rel="noopener">a</a>', id="an id"),
        pytest.param(b"<a target=b href=//o.test/>a</a>", b'<a target=b href=//o.test/ rel="noopener">a</a>',
                     id="a window of its own"),
        pytest.param(b"<AREA class=a HREF='//o.test/&#63;gclid=1'>", b'<AREA class=a href="//o.test/" rel="noopener">',
                     id="a question mark in disguise"),
        pytest.param(b'<a href=" //o.test?gclid=1">', b'<a href=" //o.test" rel="noopener">', id="a space in front"),
        pytest.param(b'<a href="/\\o.test?gclid=1">', b'<a href="/\\o.test" rel="noopener">', id="a slash turned"),
        pytest.param(b'<a href="/\t/o.test?gclid=1">', b'<a href="/\t/o.test" rel="noopener">', id="a tab between"),
        pytest.param(b'<svg><a xlink:href="//o.test?gclid=1">', b'<svg><a xlink:href="//o.test" rel="noopener">',
                     id="in SVG"),
        pytest.param(b'<a href="/x?gclid=1&b">a</a>', b'<a href="/x?gclid=1&b">a</a>', id="local"),
    ],
)  # fmt: skip
def test_the_scanner_stops_where_there_is_something_to_do(page: bytes, after: bytes) -> None:
    assert rewritten(b"<body>" + page, REFUSED) == b"<body>" + after
    assert rewritten(b"<body>" + after, REFUSED) == b"<body>" + after
