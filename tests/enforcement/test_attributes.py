from __future__ import annotations

import pytest

from gateway.enforcement.attributes import decode, encode, escape, quoted, start_tag

TAGS: dict[str, tuple[bytes, list[tuple[str, bytes]]]] = {
    "none": (b"<p>", []),
    "quoted": (b"<p a=\"1\" b='2'>", [("a", b"1"), ("b", b"2")]),
    "unquoted": (b"<p a=1/ b=2/>", [("a", b"1/"), ("b", b"2/")]),
    "without value": (b"<p a b= c = 3>", [("a", b""), ("b", b"c"), ("=", b""), ("3", b"")]),
    "empty": (b"<p a='' b=>", [("a", b""), ("b", b"")]),
    "upper case": (b"<P A=B>", [("a", b"B")]),
    "slashes": (b"<p/a/b=c/ / d/>", [("a", b""), ("b", b"c/"), ("d", b"")]),
    "equals signs": (b"<p =a ==b=c>", [("=a", b"=b=c")]),
    "quotes in names": (b"<p a'b c\"d>", [("a'b", b""), ("c\"d", b"")]),
    "no space between": (b"<p a='1'b>", [("a", b"1"), ("b", b"")]),
    "line breaks": (b"<p\na\n=\n'1\n'\n>", [("a", b"1\n")]),
}


@pytest.mark.parametrize(("source", "expected"), TAGS.values(), ids=TAGS)
def test_attributes_are_read_as_browsers_do(source: bytes, expected: list[tuple[str, bytes]]) -> None:
    tag = start_tag(source)
    assert [(attribute.name, attribute.raw) for attribute in tag.attributes] == expected
    assert tag.name == "p"
    for attribute in tag.attributes:
        assert attribute.name.encode() in source[attribute.start : attribute.end].lower()


def test_what_is_no_start_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="not a start tag"):
        start_tag(b"</p>")


def test_of_repeated_attributes_the_first_counts() -> None:
    tag = start_tag(b"<p a=1 A=2>")
    assert tag.value("a") == "1"
    assert tag.has("a")
    assert not tag.has("b")
    assert tag.value("b") == ""


REFERENCES = {
    "none": (b"a=b", "a=b"),
    "named": (b"a&amp;b&quot;", 'a&b"'),
    "numbers": (b"&#65;&#x42;&#X43", "ABC"),
    "without semicolon": (b"&#65 &amp &lt", "A & <"),
    "before a letter": (b"?a=1&copy2&copy=3&copy;", "?a=1&copy2&copy=3\xa9"),
    "before another sign": (b"&copy/", "\xa9/"),
    "longer than a name": (b"&notit;&notin;", "&notit;\u2209"),
    "unknown": (b"&x;&y &;", "&x;&y &;"),
    "control characters": (b"&#1;&#x81;&#13;&#xFFFE;", "\x01\x81\r\ufffe"),
    "leading zeros": (b"&#00000000000000065;&#x000000000042", "AB"),
    "a number without end": (b"&#" + b"9" * 5000 + b";&#x" + b"f" * 5000, "\ufffd\ufffd"),
    "a name without end": (b"&" + b"a" * 5000 + b"&copy" + b"a" * 5000, "&" + "a" * 5000 + "&copy" + "a" * 5000),
    "not a character": (b"&#0;&#xD800;&#x110000;&#x80;", "\ufffd\ufffd\ufffd\u20ac"),
    "address in references": (b"&#104;ttps&colon;&sol;&sol;a", "https://a"),
    "not utf-8": (b"\xa4\xa4", "\udca4\udca4"),
}


@pytest.mark.parametrize(("raw", "text"), REFERENCES.values(), ids=REFERENCES)
def test_values_are_decoded_as_browsers_do(raw: bytes, text: str) -> None:
    assert decode(raw) == text


EDITS = {
    "replace": (b"<p a=1 b=2>", {"a": b"x=9"}, b"", b"<p x=9 b=2>"),
    "drop": (b"<p a=1 b=2>", {"a": None}, b"", b"<p b=2>"),
    "drop the last": (b"<p a=1 b=2>", {"b": None}, b"", b"<p a=1>"),
    "all of a name": (b"<p a=1 b=2 A=3>", {"a": b"x=9"}, b"", b"<p x=9 b=2>"),
    "add": (b"<p a=1>", {}, b"y=8", b"<p a=1 y=8>"),
    "add before a slash": (b"<p a />", {}, b"y=8", b"<p a y=8/>"),
    "add after a slash in a value": (b"<p a=b/>", {}, b"y=8", b"<p a=b/ y=8>"),
    "add to a bare tag": (b"<p>", {}, b"y=8", b"<p y=8>"),
    "replace and add": (b"<p a=b/>", {"a": b'x="b/"'}, b"y=8", b'<p x="b/" y=8>'),
    "drop a value with a slash": (b"<p a=b/>", {"a": None}, b"y=8", b"<p y=8>"),
    "space around the equals sign": (b"<p a = b>", {"a": None}, b"", b"<p>"),
}


@pytest.mark.parametrize(("source", "changes", "added", "expected"), EDITS.values(), ids=EDITS)
def test_a_tag_is_written_anew_with_some_attributes_changed(
    source: bytes, changes: dict[str, bytes | None], added: bytes, expected: bytes
) -> None:
    assert start_tag(source).edited(changes, added) == expected


def test_values_are_quoted_and_escaped() -> None:
    assert quoted("a", b"x'\"&amp;") == b'a="x\'&quot;&amp;"'
    assert escape("<\"&\udca4") == b"&lt;&quot;&amp;\xa4"
    assert encode("\udca4\u4e2d") == b"\xa4\xe4\xb8\xad"
