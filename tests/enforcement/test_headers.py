import pytest

from gateway.enforcement.headers import add_vary, drop, get_all, replace, split_list, unshare
from gateway.types import RawHeaders

HEADERS: RawHeaders = [(b"set-cookie", b"a=1"), (b"vary", b"Accept"), (b"set-cookie", b"b=2"), (b"x", b"1")]


def test_every_line_is_read_and_none_is_joined() -> None:
    assert get_all(HEADERS, b"set-cookie") == [b"a=1", b"b=2"]
    assert get_all(HEADERS, b"none") == []


def test_dropping_keeps_the_order_of_the_rest() -> None:
    assert drop(HEADERS, b"set-cookie", b"x") == [(b"vary", b"Accept")]


def test_replacing_leaves_one_line_where_the_first_stood() -> None:
    assert replace(HEADERS, b"set-cookie", b"c=3") == [
        (b"set-cookie", b"c=3"),
        (b"vary", b"Accept"),
        (b"x", b"1"),
    ]
    assert replace(HEADERS, b"y", b"2") == [*HEADERS, (b"y", b"2")]


@pytest.mark.parametrize(
    ("value", "members"),
    [
        pytest.param(b"a, b ,,c", [b"a", b"b", b"c"], id="spaces and empty members"),
        pytest.param(b'private="a, b", max-age=1', [b'private="a, b"', b"max-age=1"], id="quoted comma"),
        pytest.param(rb'"a\", b", c', [rb'"a\", b"', b"c"], id="escaped quote"),
        pytest.param(b'"a, b', [b'"a', b"b"], id="quote never closed"),
        pytest.param(b'a="b, c" "d, e', [b'a="b, c" "d', b"e"], id="quote never closed behind one that is"),
        pytest.param(b'"' + rb"\"," * 20_000, [rb'"\"', *[rb'\"'] * 19_999], id="many escaped quotes"),
        pytest.param(b"", [], id="empty"),
        pytest.param(b" , ", [], id="only separators"),
    ],
)
def test_a_list_is_split_at_its_own_commas(value: bytes, members: list[bytes]) -> None:
    assert split_list(value) == members


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        pytest.param([], [b"Cookie, Sec-GPC"], id="none"),
        pytest.param([b"Accept"], [b"Accept, Cookie, Sec-GPC"], id="other"),
        pytest.param([b"cookie", b"Accept"], [b"cookie, Accept, Sec-GPC"], id="two lines, one known"),
        pytest.param([b"Cookie, sec-gpc"], [b"Cookie, sec-gpc"], id="both known"),
        pytest.param([b"*"], [b"*"], id="star"),
    ],
)
def test_vary_gains_what_is_missing_once(lines: list[bytes], after: list[bytes]) -> None:
    headers = add_vary([(b"vary", line) for line in lines], b"Cookie", b"Sec-GPC")
    assert get_all(headers, b"vary") == after
    assert add_vary(headers, b"Cookie", b"Sec-GPC") == headers


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        pytest.param([], b"private", id="none"),
        pytest.param([b"Public, max-age=9"], b"private, max-age=9", id="public"),
        pytest.param([b"s-maxage=9", b"immutable"], b"private, immutable", id="two lines, shared age"),
        pytest.param([b"private, max-age=1"], b"private, max-age=1", id="private already"),
        pytest.param([b"No-Store"], b"No-Store", id="stricter"),
    ],
)
def test_an_answer_for_one_visitor_stays_out_of_shared_caches(lines: list[bytes], after: bytes) -> None:
    headers = unshare([(b"cdn-cache-control", b"max-age=1"), *((b"cache-control", line) for line in lines)])
    assert get_all(headers, b"cache-control") == [after]
    assert bool(get_all(headers, b"cdn-cache-control")) is (after == b"No-Store")
