"""The automaton answers as the standard library's engine does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcement.automaton import Automaton

PATTERN = r"(?:a|b[^\xff]b|(?s:<.*?>))+"
DATA = st.lists(st.sampled_from([b"a", b"b", b"<", b">", b"\n", b"\xff", b"\xe9"])).map(b"".join)
SPELT = Automaton(PATTERN)
ANY_CASE = Automaton(PATTERN, any_case=True)


@given(DATA, st.integers(0, 8))
def test_a_match_ends_where_the_standard_library_says(data: bytes, start: int) -> None:
    start = min(start, len(data))
    match = re.compile(PATTERN.encode("latin-1")).match(data, start)
    assert SPELT.end(data, start) == (match.end() if match else -1)


@given(DATA)
def test_it_is_found_anywhere(data: bytes) -> None:
    assert SPELT.found(data) == (re.search(PATTERN.encode("latin-1"), data) is not None)
    assert ANY_CASE.found(data.upper()) == SPELT.found(data)


def test_an_empty_match_is_one() -> None:
    assert Automaton("a*").end(b"ba", 0) == 0
    assert Automaton("a+").end(b"ba", 0) == -1
    assert not Automaton("a").found(b"")


def test_a_pattern_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"\(x"):
        Automaton("(x")
