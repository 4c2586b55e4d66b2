"""Ids go, everything else keeps its bytes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcement.click_ids import ClickIds
from tests.enforcement.trackers import SHARED

IDS = ClickIds()


@pytest.mark.parametrize(
    ("query", "rest", "names"),
    [
        pytest.param(b"gclid=x&id=5", b"id=5", ("gclid",), id="in front"),
        pytest.param(b"id=5&fbclid=x", b"id=5", ("fbclid",), id="at the end"),
        pytest.param(b"a=1&gclid=x&b=2", b"a=1&b=2", ("gclid",), id="in the middle"),
        pytest.param(b"gclid=x", b"", ("gclid",), id="alone"),
        pytest.param(b"z=1&a=2&z=3&gclid=1&a=%E4%BD%A0&gclid=2", b"z=1&a=2&z=3&a=%E4%BD%A0",
                     ("gclid", "gclid"), id="order, repeats, escapes"),
        pytest.param(b"a=%2f%2F&b=a+b%20c&gclid", b"a=%2f%2F&b=a+b%20c", ("gclid",), id="case of escapes, no value"),
        pytest.param(b"&&a=1&gclid=&&", b"&&a=1&&", ("gclid",), id="empty parameters stay"),
        pytest.param(b"%67clid=1&gcli%64=2&a", b"a", ("gclid", "gclid"), id="a name in escapes"),
        pytest.param(b"gcl\tid=1&a", b"a", ("gclid",), id="a tab, which browsers drop"),
        pytest.param(b"ScCid=1&sccid=2&GCLID=3", b"sccid=2&GCLID=3", ("ScCid",), id="case of names"),
        pytest.param(b"_ga=1&_gl=2&_gat=3&utm_source=x", b"_gat=3&utm_source=x", ("_ga", "_gl"), id="campaign names"),
        pytest.param(b"a=gclid&b=1;gclid=2&gclid1=3&xgclid=4", b"a=gclid&b=1;gclid=2&gclid1=3&xgclid=4", (),
                     id="values and longer names"),
        pytest.param(b"%=1&%zz=2&\xff=3&=4&+", b"%=1&%zz=2&\xff=3&=4&+", (), id="no proper names"),
        pytest.param(b"", b"", (), id="nothing"),
    ],
)  # fmt: skip
def test_ids_leave_the_query_and_the_rest_stays_byte_for_byte(
    query: bytes, rest: bytes, names: tuple[str, ...]
) -> None:
    assert IDS.query(query) == (rest, names)


@pytest.mark.parametrize(
    ("names", "rest"),
    [
        pytest.param(("utm_*",), b"gclid=1&utm=2&x.y=3", id="wildcard"),
        pytest.param(("x.y",), b"gclid=1&utm_source=1&utm=2", id="a dot is a dot"),
        pytest.param((), b"gclid=1&utm_source=1&utm=2&x.y=3", id="none"),
    ],
)
def test_the_list_can_be_another(names: tuple[str, ...], rest: bytes) -> None:
    assert ClickIds(names).query(b"gclid=1&utm_source=1&utm=2&x.y=3").rest == rest


def test_a_dot_in_a_name_matches_nothing_else() -> None:
    assert ClickIds(["bad."]).query(b"badx=1").names == ()


@given(st.lists(st.binary(max_size=12), max_size=6).map(b"&".join))
def test_what_is_cut_once_is_clean_and_no_bytes_raise(query: bytes) -> None:
    rest, names = IDS.query(query)
    assert IDS.query(rest) == (rest, ())
    assert names or rest == query


@pytest.mark.parametrize(
    ("url", "rest"),
    [
        (b"https://a.test/x?gclid=1&b=2#gclid=3", b"https://a.test/x?b=2#gclid=3"),
        (b"https://a.test/x?gclid=1#top", b"https://a.test/x#top"),
        (b"/x?gclid=1", b"/x"),
        (b"?b=1&gclid=1", b"?b=1"),
        (b"https://a.test/gclid=1?", b"https://a.test/gclid=1?"),
        (b"https://a.test/#?gclid=1", b"https://a.test/#?gclid=1"),
        (b"/x?u=/y?gclid=1", b"/x?u=/y?gclid=1"),
        (b"", b""),
    ],
)
def test_ids_leave_the_query_of_an_address(url: bytes, rest: bytes) -> None:
    assert IDS.url(url).rest == rest


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        pytest.param(b"https://Shop.test/a?gclid=1&b=2", b"https://Shop.test/a?b=2", id="same host"),
        pytest.param(b"http://shop.test:81/?gclid=1", b"http://shop.test:81/", id="another port"),
        pytest.param(b"https://u@shop.test/?gclid=1", b"https://u@shop.test/", id="a user"),
        pytest.param(b"https://other.test/?gclid=1", b"https://other.test/?gclid=1", id="another host"),
        pytest.param(b"https://shop.test.evil/?gclid=1", b"https://shop.test.evil/?gclid=1", id="a longer host"),
        pytest.param(b"/a?gclid=1", b"/a?gclid=1", id="no host"),
    ],
)
def test_only_a_referer_of_the_own_host_is_ours_to_change(value: bytes, rest: bytes) -> None:
    assert IDS.referer(value, "shop.test:8080").rest == rest


REFERENCE = SHARED / "conformance" / "privacy-reference-tests" / "url-parameters"


@pytest.mark.corpus
@pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference tests: {REFERENCE} is missing")
def test_the_reference_addresses_come_out_as_expected(say: Callable[[str], None]) -> None:
    """All but the rows about a list of excepted sites: the gateway stands before one shop and has none."""
    tests = json.loads((REFERENCE / "tests.json").read_text("utf-8"))["trackingParameters"]["tests"]
    config = json.loads((REFERENCE / "config_reference.json").read_text("utf-8"))["features"]["trackingParameters"]
    ids = ClickIds(config["settings"]["parameters"])
    applicable = [row for row in tests if "exceptions list" not in row["name"] or "not in" in row["name"]]
    for row in applicable:
        assert ids.url(row["testURL"].encode()).rest.decode() == row["expectURL"], row["name"]
    say(f"url-parameters: {len(applicable)} of {len(tests)}; the others are about excepted sites")
    assert len(applicable) == 16
