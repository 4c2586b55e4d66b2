from __future__ import annotations

import pytest

from gateway.enforcement import scanner
from gateway.enforcement.raw_text import RawText

ENDINGS = {
    "plain": (b"<a>b", 3),
    "attributes": (b"<a b=c d='>' e=\">\" f>g", 21),
    "slashes": (b"<a/b/ /c=d/>", 12),
    "unquoted slash": (b"<a b=/>c", 7),
    "no value": (b"<a b=>c", 6),
    "quote in a name": (b"<a b'c\">d'>", 8),
    "quote in an unquoted value": (b"<a b=c\"d>\">", 9),
    "equals sign opens a name": (b"<a ==b>c", 7),
    "equals sign after white space": (b"<a b\n=\n'>'>c", 11),
    "value right after a value": (b"<a b='c'd>e", 10),
    "tag in a name": (b"<a<b>c", 5),
    "end tag": (b"</a b='>'>c", 10),
    "open quote": (b"<a b='>", -1),
    "open tag": (b"<a b", -1),
    "no tag": (b"<1>", -1),
}


@pytest.mark.parametrize(("data", "end"), ENDINGS.values(), ids=ENDINGS)
def test_a_tag_ends_where_a_browser_ends_it(data: bytes, end: int) -> None:
    assert scanner.tag_end(data, 0) == end
    whole = scanner.tag_end(b"<b>" + data, 3)
    assert whole == (end + 3 if end > 0 else -1)


MARKUP = {
    "comment": (b"<!-- > -- > -->a", 15),
    "comment with a mark": (b"<!-- --!>a", 9),
    "empty comment": (b"<!-->a-->", 5),
    "almost empty comment": (b"<!--->a-->", 6),
    "doctype": (b"<!doctype html>a", 15),
    "declaration with a dash": (b"<!->a", 4),
    "declaration with a dash and more": (b"<!-a>b", 5),
    "empty declaration": (b"<!>a", 3),
    "cdata where it is none": (b"<![CDATA[a>b]]>", 11),
    "like cdata": (b"<![Ca>b", 6),
    "instruction": (b"<?a>b", 4),
    "empty end tag": (b"</>a", 3),
    "end tag without a name": (b"</ a>b", 5),
    "open comment": (b"<!-- --", -1),
    "begun": (b"<!-", -1),
}


@pytest.mark.parametrize(("data", "end"), MARKUP.values(), ids=MARKUP)
def test_other_markup_ends_where_a_browser_ends_it(data: bytes, end: int) -> None:
    assert scanner.markup_end(data, 0) == end
    assert scanner.run(data, 0) == (0 if end < 0 else len(data))




@pytest.mark.parametrize(
    "stop",
    ["<img>", "<SCRIPT ", "<p style='a(b)'>", "<p a style=b>", "<a PING=b>", "<p a='b'background=c>", "</body>", "</HTML>"],  # noqa: E501
)
def test_a_run_stops_at_what_matters(stop: str) -> None:
    dull = b"text < 1 <p class=a>b</p><!-- <img> --><b c='<img>' stylex=a xstyle pings=1><imgs></bodys><i style='a:b'>"
    assert scanner.run(dull + stop.encode(), 0) == len(dull)


@pytest.mark.parametrize("dull", ["", " type=hidden value='a b'", " name=q value='src' data-src=//a/b", "/", " srcx=1"])
def test_an_input_matters_only_for_its_picture_and_what_any_element_may_load(dull: str) -> None:
    tag = f"<input{dull}>".encode()
    assert scanner.run(tag, 0) == len(tag)
    for more in ("src=/a.gif", "SRC='//a.test/b'", "onfocus='a(\"//b\")'", "formaction=//a.test/", "style='a:url(b)'"):
        assert scanner.run(f"<input{dull.rstrip('/')} {more}>".encode(), 0) == 0, more
        assert scanner.run(f"<InPut {more} {dull}>".encode(), 0) == 0, more


def test_a_run_before_the_body_stops_at_text_and_tags() -> None:
    assert scanner.run_before_body(b"\n <!-- a --> b", 0) == 13
    assert scanner.run_before_body(b"\xef\xbb\xbf\n<p>", 0) == 4
    assert scanner.run_before_body(b"</p>", 0) == 0


def test_a_run_in_a_drawing_stops_at_all_but_shapes() -> None:
    assert scanner.run_foreign(b"<g><PATH d=''/></g><a>", 0) == 19
    assert scanner.run_foreign(b"a<![CDATA[", 0) == 1
    assert scanner.run_foreign(b"<path style='a(b)'>", 0) == 0


def test_names_are_lower_case() -> None:
    assert scanner.tag_name(b"<IMG/src", 0) == "img"
    assert scanner.tag_name(b"</Body>", 0) == "body"
    assert scanner.tag_name(b"<1", 0) == ""


@pytest.mark.parametrize("name", sorted(scanner.INTERESTING - {"input"}))
def test_only_whole_names_are_interesting(name: str) -> None:
    for near in (name + "x", name[:-1], name[1:], "x" + name):
        tag = f"<{near}>".encode()
        assert scanner.run(tag, 0) == (0 if near in scanner.INTERESTING else len(tag)), near
    for same in (name, name.upper(), name.title()):
        assert scanner.run(f"<{same}>".encode(), 0) == 0


HOSTILE = ["<", "<!", "<a ", "<a b=", "<a b='", "<a /", "<a =", "</", "<!--", "<!-- -", "<?", "<![CDATA[", "<a b='c'", "=", "<p a "]  # noqa: E501


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_input_takes_linear_time(piece: str) -> None:
    """With the square of this size it would take longer than a test may (`timeout`)."""
    data = piece.encode() * 1_000_000
    scanner.run(data, 0)
    scanner.tag_end(b"<a " + data, 0)
    scanner.markup_end(data, 0)


def test_an_end_tag_is_found_by_its_name() -> None:
    assert scanner.end_tag("style", b"a</b></STYLE >", 0) == (5, 14)
    assert scanner.end_tag("style", b"</style", 0) == (0, -1)
    assert scanner.end_tag("style", b"</b>", 0) == (-1, -1)


def test_raw_text_is_known_for_every_element_that_has_it() -> None:
    assert RawText("title").find(b"a</title>", 0) == 1
