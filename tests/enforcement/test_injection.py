from __future__ import annotations

import pytest

from gateway.enforcement.injection import Injection, Placement


def placement(anyway: bool = True, head: bytes = b"") -> Placement:
    made = Injection(lambda language: b"[b%s]" % language.encode(), lambda language: b"[f]", anyway, head=head)
    return Placement(made)


def test_each_part_is_given_out_once_in_the_language_of_the_page() -> None:
    place = placement()
    place.language = "en"
    assert place.start("html") == place.start("head") == place.start("title") == b""
    assert place.start("p") == b"[ben]"
    assert not place.before_body
    assert place.body() == b""
    assert place.end("body") == b"[f]"
    assert place.end("html") == place.rest() == b""


def test_an_empty_injection_adds_nothing() -> None:
    place = Placement(Injection())
    assert place.body() == place.rest() == b""


def test_without_an_injection_there_is_no_body_to_wait_for() -> None:
    place = Placement(None)
    assert not place.before_body
    assert place.body() == place.end("body") == place.rest() == b""


def test_the_end_gives_what_found_no_place() -> None:
    assert placement().rest() == b"[b][f]"


def test_a_fragment_gets_nothing_until_it_shows_that_it_is_a_page() -> None:
    place = placement(anyway=False)
    assert place.text() == place.rest() == b""
    place.doctype()
    assert place.rest() == b"[b][f]"


@pytest.mark.parametrize("name", ["base", "link", "meta", "script", "style", "title", "template", "noframes"])
def test_elements_of_the_head_do_not_begin_the_body(name: str) -> None:
    place = placement()
    place.end("head")
    assert place.start(name) == b""
    assert place.before_body


def test_nothing_in_a_template_begins_the_body() -> None:
    place = placement()
    place.start("template")
    assert place.start("p") == place.text() == b""
    place.end("template")
    place.end("template")
    assert place.text() == b"[b]"


def test_noscript_begins_the_body_once_the_head_is_closed() -> None:
    place = placement()
    assert place.start("noscript") == b""
    place.end("head")
    assert place.start("noscript") == b"[b]"


def test_frames_have_no_body() -> None:
    place = placement()
    assert place.start("frameset") == place.rest() == b""


def test_the_first_scripts_stand_behind_the_head_tag_and_nowhere_else() -> None:
    place = placement(head=b"[h]")
    assert place.start("html") == place.start("head") == b""
    assert place.head() == b"[h]"
    assert place.head() == place.start("script") == b""
    assert place.start("p") == b"[b]"


@pytest.mark.parametrize("name", ["script", "meta", "title", "base", "template", "noscript", "body"])
def test_without_a_head_tag_they_stand_before_what_the_head_begins_with(name: str) -> None:
    place = placement(head=b"[h]")
    place.start("html")
    assert place.start(name) == b"[h]"


def test_without_a_head_they_stand_before_the_banner() -> None:
    assert placement(head=b"[h]").text() == b"[h][b]"
    assert placement(head=b"[h]").start("p") == b"[h][b]"
    assert placement(head=b"[h]").rest() == b"[h][b][f]"


def test_a_head_in_a_template_is_none() -> None:
    place = placement(anyway=False, head=b"[h]")
    place.start("template")
    assert place.start("body") == place.start("head") == place.head() == place.start("script") == b""


def test_a_fragment_gets_no_scripts() -> None:
    place = placement(anyway=False, head=b"[h]")
    assert place.start("script") == place.start("p") == place.rest() == b""


def test_frames_without_a_head_get_no_scripts() -> None:
    place = placement(head=b"[h]")
    assert place.start("frameset") == place.start("script") == place.rest() == b""
