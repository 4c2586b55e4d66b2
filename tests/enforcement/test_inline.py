from __future__ import annotations

import pytest

from gateway.enforcement.inline import InlineMarks, script_of_data_url, script_of_javascript_url
from gateway.model.categories import Category
from gateway.model.service import Service
from tests.enforcement.trackers import ADVERTS, CATALOGUE, CHAT, COUNTER, MARKS


def test_a_script_belongs_to_every_service_whose_mark_it_bears() -> None:
    assert MARKS.owners(b"advertise(1); count(2)") == (COUNTER, ADVERTS)
    assert MARKS.owners(b"account(1)") == ()


def test_percent_encoded_loaders_are_read_too() -> None:
    assert MARKS.owners(b"document.write(unescape('%3Cscript%3Ecount%28%27'))") == (COUNTER,)
    assert MARKS.owners(b"chat(); unescape('%2Fadvertise%28')") == (ADVERTS, CHAT)


def test_marks_are_found_in_what_a_script_spells_out_at_run_time() -> None:
    assert MARKS.owners(b"w[String.fromCharCode(99,111,117,110,116)](1); eval(atob('Y291bnQoKTsgIA=='))") == (COUNTER,)
    assert MARKS.owners(b"eval('adver' + 'tise(1)')") == (ADVERTS,)


def test_a_catalogue_without_marks_owns_nothing() -> None:
    assert InlineMarks([]).owners(b"count()") == ()


class Exhausted:
    """What RE2 answers when its automaton has no memory left: the same as for no match."""

    def Match(self, text: bytes) -> None:  # noqa: N802
        return None


def test_a_search_that_fails_is_not_taken_for_no_match() -> None:
    marks = InlineMarks([COUNTER])
    marks._set = Exhausted()
    assert marks.owners(b"shop()") is None
    assert InlineMarks([COUNTER]).owners(b"shop()") == ()


def test_a_script_belongs_to_whom_it_loads_from() -> None:
    marks = InlineMarks(CATALOGUE.services, CATALOGUE.for_url)
    load = b"var s = document.createElement('script'); s.src = '%s'"
    assert marks.owners(load % b"https://adverts.test/a.js") == (ADVERTS,)
    assert marks.owners(b"document.write(unescape('%3Cscript src=%22//adverts.test/a.js%22'))") == (ADVERTS,)
    assert marks.owners(load % b"https://cloud.test/a.js") == ()
    assert marks.owners(load % b"https://video.test/embed?x") == ()
    assert marks.owners(load % b"https://x.test/a.js") == ()
    assert marks.owners(b"shop('https://adverts.test/a.js')") == ()


def test_a_mark_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"x: mark '\(\?=a\)'"):
        InlineMarks([Service("x", "X", Category.MARKETING, marks=("(?=a)",))])


def test_large_scripts_are_searched_whole() -> None:
    assert MARKS.owners(b"shop(1);" * 400_000 + b" count(1)") == (COUNTER,)


def test_what_is_remembered_is_bounded() -> None:
    marks = InlineMarks([COUNTER])
    for number in range(3000):
        marks.owners(b"count(%d)" % number)
    assert len(marks._seen) <= 1024


@pytest.mark.parametrize(
    ("url", "script"),
    [
        ("data:text/javascript,count(%271%27)", b"count('1')"),
        (" DATA:text/javascript;base64,Y291bnQoKQ==", b"count()"),
        ("data:;base64 ,Y291bnQoKQ", b"count()"),
        ("data:;base64,Y", b""),
        ("data:,", b""),
        ("https://a.test/", None),
    ],
)
def test_scripts_in_data_addresses_are_read(url: str, script: bytes | None) -> None:
    assert script_of_data_url(url) == script


@pytest.mark.parametrize(
    ("url", "script"),
    [
        ("javascript:a%28%29", b"a()"),
        (" JAVA\tScript:a()", b"a()"),
        ("https://a.test/javascript:", None),
        ("", None),
    ],
)
def test_the_script_of_an_address_is_found(url: str, script: bytes | None) -> None:
    assert script_of_javascript_url(url) == script
