"""The golden page: every vector and spelling through the rewriter, its output read by another parser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.url import Base
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy, rewritten
from tests.golden.vectors import ALONE, IDLE, SPELLINGS, WAYS, label, markup

HTTP = Base("http", "shop.test")
HOLD, REMOVE, KEEP = (policy(fate, page=HTTP) for fate in (Fate.HOLD, Fate.REMOVE, Fate.KEEP))
VECTORS = {**WAYS, **ALONE, **SPELLINGS}
DOCUMENTS = {name: markup(vector, name, "adverts.test").encode() for name, vector in VECTORS.items()}
STILL = {name: markup(vector, name, "adverts.test").encode() for name, vector in IDLE.items()}
FOLDED = re.compile("[\t\n\r\u00ad\\\\]")


def folded(text: str) -> str:
    """Text with the spellings of a host undone, as far as they are not HTML's."""
    return unicodedata.normalize("NFKC", unquote(FOLDED.sub("", text))).replace("\u3002", ".").lower()


def mentions(page: bytes) -> Iterator[str]:
    """Where the tracker stands in a page, as lexbor reads it: `name@attribute`, or `name` for text."""
    nodes = [LexborHTMLParser(page).root]
    while nodes:
        node = nodes.pop()
        assert node is not None
        nodes += node.iter(include_text=True)
        for name, value in node.attributes.items():
            if name == "srcdoc":
                yield from mentions((value or "").encode())
            elif "adverts.test" in folded(value or ""):
                yield f"{node.tag}@{name}"
        if node.tag == "template":  # its content is a document apart
            yield from mentions((node.html or "").partition(">")[2].rpartition("<")[0].encode())
        if node.tag == "-text" and "adverts.test" in folded(node.text_content or ""):
            parent = node.parent
            parked = parent is not None and parent.attributes.get("type") == "text/plain"
            yield f"{parent.tag if parent else ''}{'@data-consent-text' if parked else ''}"


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if "base64" not in name])
def test_the_other_parser_finds_the_tracker_before(name: str) -> None:
    assert list(mentions(DOCUMENTS[name]))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_refused_page_bears_no_address_of_a_tracker(name: str) -> None:
    page = rewritten(DOCUMENTS[name], REMOVE)
    assert list(mentions(page)) == []
    assert b"adverts.test" not in page.lower()
    assert label(name).encode() + b"." not in page.lower()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_undecided_page_bears_it_only_where_it_waits(name: str) -> None:
    page = rewritten(DOCUMENTS[name], HOLD)
    assert [place for place in mentions(page) if "@data-consent-" not in place] == []


@pytest.mark.parametrize("name", [*DOCUMENTS, *STILL])
def test_a_granted_page_is_the_shops_byte_for_byte(name: str) -> None:
    page = {**DOCUMENTS, **STILL}[name]
    assert rewritten(page, KEEP) == page


@pytest.mark.parametrize("name", STILL)
def test_what_loads_nothing_stays(name: str) -> None:
    for rules in (HOLD, REMOVE):
        assert rewritten(STILL[name], rules).replace(b' rel="noopener"', b"") == STILL[name]


@pytest.mark.parametrize("name", [*DOCUMENTS, *STILL])
def test_what_was_rewritten_is_not_rewritten_again(name: str) -> None:
    for rules in (HOLD, REMOVE):
        once = rewritten({**DOCUMENTS, **STILL}[name], rules)
        assert rewritten(once, rules) == once


@pytest.mark.parametrize("name", DOCUMENTS)
def test_all_that_is_taken_out_is_counted(name: str) -> None:
    for rules in (HOLD, REMOVE):
        rewriter = HtmlRewriter(rules)
        rewriter.write(DOCUMENTS[name])
        rewriter.end()
        assert rewriter.counts


@pytest.mark.parametrize("name", DOCUMENTS)
def test_where_a_vector_is_cut_changes_nothing(name: str) -> None:
    for rules in (HOLD, REMOVE):
        whole = rewritten(DOCUMENTS[name], rules)
        for size in (1, 7):
            assert rewritten(DOCUMENTS[name], rules, size=size) == whole
