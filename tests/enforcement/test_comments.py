from __future__ import annotations

import pytest

from gateway.enforcement.comments import without_comments


@pytest.mark.parametrize(
    ("script", "bare"),
    [
        (b"/* a */ b", b" b"),
        (b"a\n  // b\nc", b"a\n\nc"),
        (b"/** a\n * b **/", b""),
        (b"a\r// b\rc", b"a\r// b\rc"),
        (b"// a", b""),
        (b"// a */ b()", b"*/ b()"),
        (b"// a\xe2\x80\xa8b()", b"\xe2\x80\xa8b()"),
    ],
)
def test_what_begins_a_line_as_a_comment_is_one(script: bytes, bare: bytes) -> None:
    assert without_comments(script) == bare


@pytest.mark.parametrize(
    "script",
    [
        b"a = 'b // c'",
        b"a /* b */ c",
        b"x = `\n// a`",
        b"x = 'a\\\n// b'",
        b"/* never closed",
        b"a = /[/*]/; b(); /[*/]/",
        b"",
    ],
)
def test_what_may_be_something_else_stays(script: bytes) -> None:
    assert without_comments(script) == script


@pytest.mark.usefixtures("unmeasured")
def test_hostile_scripts_are_read_in_linear_time() -> None:
    """With the square of these sizes it would take longer than a test may (`timeout`)."""
    without_comments(b"\n/*" * 1_000_000)
    without_comments(b"\n//*" * 1_000_000)
