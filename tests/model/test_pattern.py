from __future__ import annotations

import pytest

from gateway.model.pattern import Pattern


@pytest.mark.parametrize(
    ("text", "subject", "expected"),
    [
        pytest.param("_ga", "_ga", True, id="exact"),
        pytest.param("_ga", "_gac", False, id="exact and longer"),
        pytest.param("_ga_*", "_ga_ABC123", True, id="trailing star"),
        pytest.param("_ga_*", "_ga_", True, id="a star may stand for nothing"),
        pytest.param("_ga_*", "x_ga_1", False, id="other head"),
        pytest.param("mp_*_mixpanel", "mp_1_mixpanel", True, id="inner star"),
        pytest.param("mp_*_mixpanel", "mp_mixpanel", False, id="head and tail may not overlap"),
        pytest.param("a*b*c", "a-b-c", True, id="two stars"),
        pytest.param("a*b*c", "a-c", False, id="the middle is missing"),
        pytest.param("*end", "the end", True, id="leading star"),
        pytest.param("*end", "endless", False, id="leading star, other tail"),
        pytest.param("a*.b", "axb", False, id="a dot is a dot"),
    ],
)
def test_a_pattern_matches_the_whole_subject(text: str, subject: str, expected: bool) -> None:
    assert Pattern(text).matches(subject) is expected


@pytest.mark.parametrize(
    ("text", "subject", "expected"),
    [
        pytest.param("/tr", "/tr", True, id="whole path"),
        pytest.param("/tr", "/tr/", True, id="slash follows"),
        pytest.param("/tr", "/tr?id=1", True, id="query follows"),
        pytest.param("/tr", "/travel", False, id="a word runs on"),
        pytest.param("/tr*", "/travel", True, id="a star ends anywhere"),
        pytest.param("/maps/", "/maps/embed", True, id="a pattern ending with a slash"),
        pytest.param("/gtag/js", "/gtag", False, id="shorter subject"),
        pytest.param("/a/*/b", "/a/1/b.js", True, id="inner star"),
        pytest.param("/a/*/b", "/a/1/bc/b", True, id="the tail at a later place"),
        pytest.param("/a/*/b", "/a/1/bc", False, id="the tail only inside a word"),
        pytest.param("/a/*/b", "/x/1/b", False, id="other head"),
        pytest.param("/a*b*", "/a-c", False, id="the middle is missing"),
    ],
)
def test_a_path_begins_with_a_pattern_where_a_word_ends(text: str, subject: str, expected: bool) -> None:
    assert Pattern(text).begins(subject) is expected


def test_weight_counts_fixed_characters_only() -> None:
    assert Pattern("a*bc*").weight == 3


def test_many_stars_against_a_hostile_subject_come_to_an_end() -> None:
    """A matcher that tries one star after the other would not."""
    assert not Pattern("*a" * 30 + "b").matches("a" * 100_000)
    assert not Pattern("/" + "*a" * 30 + "b").begins("/" + "a" * 100_000)
