from __future__ import annotations

import re

import pytest

from gateway.enforcement.foreign import ForeignContent

WALKS = {
    "svg": ("<svg><g>", "svg g"),
    "closed": ("<svg><g></g></svg>", ""),
    "closed from inside": ("<svg><g><a></svg>", ""),
    "self-closing": ("<svg/>", ""),
    "breaks out": ("<svg><g><p>", ""),
    "breaks out with looks": ("<svg><font color=red>", ""),
    "font without looks": ("<svg><font x=y>", "svg font"),
    "html that does not break out": ("<svg><iframe><title2>", "svg iframe title2"),
    "unknown end tag": ("<svg></x>", "svg"),
    "end tag of an element around it": ("<svg><g></div>", ""),
    "foreignObject": ("<svg><foreignObject><div><b></b>", "svg foreignobject div"),
    "breaks out as far as the point": ("<svg><desc><svg><g><p>", "svg desc p"),
    "point ended": ("<svg><desc></desc>", "svg"),
    "point not ended over an open div": ("<svg><desc><div></desc>", "svg desc div"),
    "point ended over an open b": ("<svg><desc><b></desc>", "svg"),
    "paragraphs end each other": ("<svg><desc><p><p></p></desc>", "svg"),
    "items end each other": ("<svg><desc><ul><li><li></ul></desc>", "svg"),
    "an end tag of html passes no point": ("<div><svg><desc><b></p></div>", "svg desc b"),
    "no end tag of svg passes a point from html": ("<svg><desc><b></svg>", "svg desc b"),
    "svg inside html inside svg": ("<svg><desc><div><svg><g></desc>", "svg desc div svg g"),
    "void elements and raw text stay out": ("<svg><title><br><img><style></title>", "svg"),
    "end tags in a point do not lead out": ("<svg><desc></div>", "svg desc"),
    "svg in svg": ("<svg><svg></svg>", "svg"),
    "math": ("<math><mi><b>", "math mi b"),
    "mglyph": ("<math><mi><mglyph>", "math mi mglyph"),
    "svg in math text": ("<math><mi><svg><desc>", "math mi svg desc"),
    "desc in math is no point": ("<math><desc><p>", ""),
    "annotation": ("<math><annotation-xml><g>", "math annotation-xml g"),
    "svg in annotation": ("<math><annotation-xml><svg><desc><p>", "math annotation-xml svg desc p"),
    "annotation of html": ("<math><annotation-xml encoding=text/html><p>", "math annotation-xml p"),
}


def walk(page: str) -> ForeignContent:
    foreign = ForeignContent()
    for match in re.finditer(r"<(/?)([^\s>/]+)[^>]*>", page):
        if not match[1]:
            foreign.start(match[2].lower(), match[0].encode())
        else:
            foreign.end(match[2].lower())
    return foreign


@pytest.mark.parametrize(("page", "opened"), WALKS.values(), ids=WALKS)
def test_the_open_elements_are_followed(page: str, opened: str) -> None:
    foreign = walk(page)
    assert " ".join(name for _, name in foreign._open) == opened
    assert bool(foreign) == bool(opened)


def test_html_and_foreign_elements_are_told_apart() -> None:
    foreign = ForeignContent()
    assert not foreign.start("p", b"<p>")
    assert foreign.start("svg", b"<svg>")
    assert foreign.here
    assert foreign.no_html
    assert foreign.start("title", b"<title>")
    assert foreign.here
    assert not foreign.no_html
    assert not foreign.start("div", b"<div>")
    assert not foreign.here


def test_leaving_by_a_stray_end_tag_is_doubtful_until_something_settles_it() -> None:
    foreign = walk("<svg></div>")
    assert foreign.doubtful
    foreign.settle("title")
    assert foreign.doubtful
    foreign.settle("p")
    assert not foreign.doubtful


def test_depth_is_limited() -> None:
    foreign = walk("<svg>" * 2000)
    assert len(foreign._open) == 512
