"""Facts and markup of a notice in one canonical text."""

from __future__ import annotations

import pytest

from gateway.model.disclosure import Disclosure, Party, archived, read
from gateway.model.notice_text import NoticeText, content_of

FACTS = Disclosure(rev=2, locale="en", date="2026-11-01", controller=Party(name="K市集"))
MARKUP = '<h1>"K&amp;市集"</h1>\r\n\n'


def test_the_markup_comes_back_byte_for_byte() -> None:
    assert content_of(archived(NoticeText.of(FACTS, MARKUP))) == MARKUP


def test_whoever_wants_the_facts_reads_the_same_text() -> None:
    assert read(archived(NoticeText.of(FACTS, MARKUP))) == FACTS


@pytest.mark.parametrize("text", [b"", b"<h1>", b"[]", b"{}", b'{"format":"cg/notice/v1"}', archived(FACTS), b"\xff"])
def test_another_text_has_no_markup(text: bytes) -> None:
    assert content_of(text) is None
