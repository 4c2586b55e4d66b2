"""The outcome of judging one start tag."""

from __future__ import annotations

from gateway.enforcement.edit import Edit


def test_an_edit_replaces_a_tag_and_nothing_else_unless_it_says_so() -> None:
    edit = Edit(b"<p>")
    assert (edit.skip, edit.counts, edit.content, edit.after, edit.embed) == (False, (), None, b"", None)
