from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from gateway.enforcement import html
from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.passages import Memory
from gateway.model.categories import Category, Fate
from tests.enforcement.markup import PARTS
from tests.enforcement.trackers import SHARED, Listener, banner, policy, rewritten

STATES = {
    "keep": policy(Fate.KEEP),
    "hold": policy(Fate.HOLD),
    "remove": policy(Fate.REMOVE),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("injected", [True, False], ids=["page", "fragment"])
def test_where_the_bytes_are_cut_changes_nothing(part: str, state: str, injected: bool) -> None:
    page = PARTS[part].encode()
    rules, injection = STATES[state], banner(head=b"[head]") if injected else None
    whole = rewritten(page, rules, injection)
    for size in (1, 3):
        assert rewritten(page, rules, injection, size) == whole, f"in pieces of {size}"
    for offset in range(1, len(page)):
        rewriter = HtmlRewriter(rules, injection)
        pieces = rewriter.write(page[:offset]), rewriter.write(page[offset:]), rewriter.end()
        assert b"".join(pieces) == whole, f"cut at {offset}: {page[:offset]!r}"


@pytest.mark.parametrize("part", PARTS)
def test_what_needs_no_change_is_not_changed(part: str) -> None:
    page = PARTS[part].encode()
    assert rewritten(page, STATES["keep"]) == page


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("part", PARTS)
def test_rewriting_twice_is_rewriting_once(part: str, state: str) -> None:
    once = rewritten(PARTS[part].encode(), STATES[state])
    assert rewritten(once, STATES[state]) == once


def golden_page() -> bytes:
    harmless = ("json", "comments", "raw text", "svg cdata", "links", "plaintext", "frameset", "svg with html")
    endless = ("open", "endings", "base", "broken", "less", "bom", "body", "unclosed", "select")
    parts = (text for name, text in PARTS.items() if name not in harmless and not name.startswith(endless))
    return "".join(parts).encode()


def test_a_refused_page_has_no_address_of_a_third_party() -> None:
    page = rewritten(golden_page(), STATES["remove"])
    assert b"counter.test" in golden_page()
    assert b"counter.test" not in page
    assert b"count(" not in page.replace(b"y</script>count(1)", b"")


def test_an_undecided_page_has_them_only_where_nothing_loads_or_runs() -> None:
    listener = Listener()
    rewritten(rewritten(golden_page(), STATES["hold"]), listener)
    assert not [url for url in listener.urls if "counter.test" in url]
    page = rewritten(golden_page(), STATES["hold"])
    for position in range(len(page)):
        if page.startswith(b"counter.test", position):
            before = page[:position].rpartition(b"data-consent-")[2]
            assert before.count(b'"') == 1 or b"&quot;" in before, page[position - 80 : position + 20]


def test_granted_categories_are_kept_beside_closed_ones() -> None:
    page = b"<script src=//counter.test/></script><script src=//adverts.test/></script>"
    rules = policy(Fate.REMOVE, granted=[Category.STATISTICS])
    assert rewritten(page, rules) == b"<script src=//counter.test/></script>"


def test_a_script_of_several_services_waits_for_all_of_them() -> None:
    page = rewritten(b"<script>count(1); advertise(2)</script>", STATES["hold"])
    assert b'data-consent-category="statistics marketing" data-consent-service="counter adverts"' in page


OWN_SCRIPTS = {
    "in a comment": (b"<script>/* we once used count() */ cart()</script>", True, ("mention", Fate.KEEP)),
    "in a line": (b"<script>\n  // count(1)\ncart()</script>", True, ("mention", Fate.KEEP)),
    "in a string": (b"<script>cart('count()')</script>", False, ("inline script", Fate.REMOVE)),
    "in a long one": (
        b"<script>%s; if (window.count) count(1)</script>" % (b"cart(1);" * 2000),
        True,
        ("mention", Fate.KEEP),
    ),
    "in a long one that hides an address": (
        b"<script>%s; count(1); s.src = atob('aHR0cHM6Ly9jb3VudGVyLnRlc3QveC5qcw==')</script>" % (b"cart(1);" * 2000),
        False,
        ("long inline script", Fate.REMOVE),
    ),
    "in code beside a comment": (b"<script>\n// count(1)\ncount(2)</script>", False, ("inline script", Fate.REMOVE)),
}


@pytest.mark.parametrize(("page", "stays", "counted"), OWN_SCRIPTS.values(), ids=OWN_SCRIPTS)
def test_the_shops_own_script_that_names_a_service_is_not_lost_silently(
    page: bytes, stays: bool, counted: tuple[str, Fate]
) -> None:
    rewriter = HtmlRewriter(STATES["remove"])
    assert rewriter.write(page) == (page if stays else b"")
    assert [tuple(count) for count in rewriter.counts] == [("counter", *counted)]


TAKEN_OUT = {
    "a sign before it": (b"<<img src=//counter.test/>script src=//counter.test/>", b"< script src=//counter.test/>"),
    "a script": (b"<<script>count(1)</script>img src=//counter.test/>", b"< img src=//counter.test/>"),
    "its content": (b"<<script src=//counter.test/>a</script>img>", b"< img>"),
    "signs in a row": (b"<<<img src=//counter.test/><img src=//counter.test/>b>", b"<< b>"),
    "a script that stays": (b"<<script>shop()</script>b>", b"<<script>shop()</script>b>"),
    "an element that ends svg": (
        b"<svg><img src=//counter.test/><title><img src=//counter.test/></title>",
        b"<svg><img><title><img src=//counter.test/></title>",
    ),
    "one that may end svg": (
        b"<a><svg></a><embed src=//counter.test/><title><img src=//counter.test/></title>",
        b"<a><svg></a><embed><title><img src=//counter.test/></title>",
    ),
}
"""What is behind an element must not come to mean something else when the element goes."""


@pytest.mark.parametrize(("page", "expected"), TAKEN_OUT.values(), ids=TAKEN_OUT)
def test_what_goes_does_not_bring_to_life_what_stands_behind_it(page: bytes, expected: bytes) -> None:
    for size in (0, 1, 2, 3):
        assert rewritten(page, STATES["remove"], size=size) == expected
    assert rewritten(expected, STATES["remove"]) == expected


def test_scripts_of_svg_inside_each_other_have_a_floor() -> None:
    assert rewritten(b"<svg>" + b"<script>" * 9 + b"a</script>b", STATES["keep"]) == b"<svg>" + b"<script>" * 8 + b"b"
    page = b"<svg>" + b"<script>a</script>" * 20
    assert rewritten(page, STATES["keep"]) == page


def test_counts_tell_what_was_done() -> None:
    rewriter = HtmlRewriter(STATES["hold"])
    rewriter.write(2 * b"<img src=//counter.test/i><noscript><img src=//unknown.test/i></noscript>")
    rewriter.end()
    assert {tuple(count): number for count, number in rewriter.counts.items()} == {
        ("counter", "image", Fate.HOLD): 2,
        ("unknown", "pixel", Fate.HOLD): 2,
    }


INJECTED = {
    "a whole page": (
        b"<!doctype html><html lang='zh-TW'><head><title>a</title></head><body class=x>b</body></html>",
        b"<!doctype html><html lang='zh-TW'><head><title>a</title></head><body class=x>[bannerzh-TW]b[foot]</body></html>",  # noqa: E501
    ),
    "without head and body": (b"<html><p>a", b"<html>[banner]<p>a[foot]"),
    "text first": (b"<html>\n a", b"<html>\n [banner]a[foot]"),
    "text after the head": (b"<head></head> a<body>", b"<head></head> [banner]a<body>[foot]"),
    "an entity first": (b"<!doctype html>&nbsp;", b"<!doctype html>[banner]&nbsp;[foot]"),
    "a byte order mark": (b"\xef\xbb\xbf\n<!doctype html><p>", b"\xef\xbb\xbf\n<!doctype html>[banner]<p>[foot]"),
    "the end without a body": (b"<html></html>", b"<html>[banner][foot]</html>"),
    "a template in the head": (
        b"<html><template><div></div>x</template><body>",
        b"<html><template><div></div>x</template><body>[banner][foot]",
    ),
    "noscript in the head": (b"<head><noscript>a</noscript><p>", b"<head><noscript>a</noscript>[banner]<p>[foot]"),
    "noscript after the head": (b"</head><noscript>a</noscript>", b"</head>[banner]<noscript>a</noscript>[foot]"),
    "a body in a comment": (b"<html><!--<body>--><body>", b"<html><!--<body>--><body>[banner][foot]"),
    "a body in a script": (b"<script>'<body>'</script><body>", b"<script>'<body>'</script><body>[banner][foot]"),
    "two ends": (b"<body></body></html><p></body>", b"<body>[banner][foot]</body></html><p></body>"),
    "an end inside svg": (b"<body><svg></body>", b"<body>[banner]<svg>[foot]</body>"),
    "frames": (b"<html><head></head><frameset><frame></frameset>", b"<html><head></head><frameset><frame></frameset>"),
    "nothing": (b"", b""),
    "an open comment at the end": (b"<body>a<!-- b", b"<body>[banner]a[foot]<!-- b"),
    "an open script at the end": (b"<body><script>a", b"<body>[banner][foot]<script>a"),
}


@pytest.mark.parametrize(("page", "expected"), INJECTED.values(), ids=INJECTED)
def test_the_banner_opens_the_body_and_the_foot_closes_it(page: bytes, expected: bytes) -> None:
    assert rewritten(page, STATES["keep"], banner()) == expected
    assert rewritten(page, STATES["keep"], banner(), size=1) == expected


@pytest.mark.parametrize("page", [page for page, _ in INJECTED.values() if page[:1] == b"<" and b"frames" not in page])
@pytest.mark.parametrize("more", [b"", b"<!-- a --><!doctype html>\n<!-- <head> -->\n", b"\n"])
def test_our_first_script_is_the_first_in_the_head_for_a_browser(page: bytes, more: bytes) -> None:
    page = page.replace(b"<title>", b"<base href='//a.test/'><title>") + b"<script id=other></script>"
    for size in (0, 1):
        tree = LexborHTMLParser(rewritten(more + page, STATES["keep"], banner(head=b"<script id=ours></script>"), size))
        scripts = tree.css("script")
        assert scripts[0].attributes.get("id") == "ours"
        assert scripts[0].parent is not None
        assert (scripts[0].parent.tag, scripts[0].prev) == ("head", None)
        assert len(tree.css("#ours")) == 1


@pytest.mark.parametrize("page", [b"<p>a</p>", b"a", b"<title>a</title><p>", b"", b"<svg/>", b"{}", b"<meta charset=utf-8>"])  # noqa: E501
def test_nothing_is_put_into_what_may_be_a_fragment(page: bytes) -> None:
    assert rewritten(page, STATES["keep"], banner(anyway=False)) == page


@pytest.mark.parametrize("mark", [b"<!doctype html>", b"<html>", b"<head></head>", b"warning<body>"])
def test_markup_of_a_whole_document_is_enough(mark: bytes) -> None:
    page = rewritten(mark + b"<p>a", STATES["keep"], banner(anyway=False))
    assert page.count(b"[banner]") == page.count(b"[foot]") == 1


ENDLESS = {
    "tag": (b"<a title='", b"'>b<img src=//counter.test/>"),
    "script": (b"<script>count(1)", b"</script>b<img src=//counter.test/>"),
    "script in svg": (b"<svg><script>count(1)", b"></svg>b<img src=//counter.test/>"),
    "style": (b"<style>", b"</style>b<img src=//counter.test/>"),
    "noscript": (b"<noscript>", b"</noscript>b<img src=//counter.test/>"),
    "comment": (b"<!-- > ", b" > -->b<img src=//counter.test/>"),
    "cdata": (b"<svg><![CDATA[ > ", b" > ]]></svg>b<img src=//counter.test/>"),
    "processing instruction": (b"<?", b"?>b<img src=//counter.test/>"),
}


@pytest.mark.parametrize(("begin", "end"), ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_in_time_is_closed_and_counted(
    begin: bytes, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "HOLD_BACK", 10_000)
    rewriter = HtmlRewriter(STATES["remove"])
    out = rewriter.write(begin)
    for _ in range(100):
        out += rewriter.write(b"x" * 1000)
        assert len(rewriter._rest) <= 11_000
    for byte in end:
        out += rewriter.write(bytes([byte]))
    out += rewriter.end()
    assert out.replace(b"<svg>", b"").replace(b"</svg>", b"") == b"b"
    assert [tuple(count) for count in rewriter.counts] == [
        ("unknown", "endless", Fate.REMOVE),
        ("counter", "image", Fate.REMOVE),
    ]


def test_what_never_ends_at_all_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "HOLD_BACK", 100)
    assert rewritten(b"a<!-- " + b"x" * 500, STATES["keep"], size=50) == b"a"


def test_text_that_never_ends_passes_without_being_kept() -> None:
    rewriter = HtmlRewriter(STATES["remove"])
    assert rewriter.write(b"<textarea>") == b"<textarea>"
    for _ in range(50):
        assert len(rewriter.write(b"x" * 1000)) >= 980
    assert rewriter.end()


def test_documents_inside_documents_have_a_floor() -> None:
    page = b"<img src=//counter.test/>"
    for _ in range(9):
        page = b'<iframe srcdoc="' + page.replace(b"&", b"&amp;").replace(b'"', b"&quot;") + b'"></iframe>'
    assert b"counter" not in rewritten(page, STATES["remove"])


def test_a_long_tag_in_small_pieces_takes_linear_time() -> None:
    rewriter = HtmlRewriter(STATES["keep"])
    page = b"<a title='" + b">" * 60_000 + b"'>"
    out = b"".join(rewriter.write(page[at : at + 1]) for at in range(len(page)))
    assert out + rewriter.end() == page


def test_writing_after_the_end_is_refused() -> None:
    rewriter = HtmlRewriter(STATES["keep"])
    rewriter.end()
    with pytest.raises(ValueError, match="after end"):
        rewriter.write(b"a")


def test_many_different_tags_are_not_all_remembered() -> None:
    rules = policy(Fate.REMOVE, memory=Memory(10_000))
    page = b"".join(b"<img src=/%d>" % number for number in range(100)) + b"<img alt='" + b"x" * 2000 + b"'>"
    assert rewritten(page, rules) == page
    assert 0 < len(rules.remembered.passed[False]) < 99


TOKENS = [*PARTS.values(), "<", ">", "</", "<!", "<!--", "-->", "<![CDATA[", "]]>", "<?", "'", '"', "=", "/", " ", "&"]
TOKENS += ["<script", "<style>", "</style>", "<svg>", "</svg>", "<math>", "<mi>", "</p>", "<select>", "</select", "\x00"]  # noqa: E501


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=8)), max_size=12), st.integers(1, 40))
def test_no_soup_breaks_it_or_depends_on_the_pieces(tokens: list[str], size: int) -> None:
    page = "".join(tokens).encode("utf-8", "replace")
    for rules in STATES.values():
        whole = rewritten(page, rules, banner())
        assert rewritten(page, rules, banner(), size) == whole
    assert rewritten(page, STATES["keep"]) == page
    assert len(rewritten(page, STATES["hold"])) <= 30 * len(page) + 1000


# Saved pages and reference tests

needs_corpus = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the saved pages are not at {SHARED}")


def saved(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(SHARED.glob(pattern))]


def decodable(pages: list[bytes]) -> list[bytes]:
    """Without UTF-16 and ISO-2022-JP, which are decoded before they are rewritten."""
    return [page for page in pages if b"\x00" not in page and b"\x1b$" not in page]


TALKATIVE = re.compile(
    rb"""<meta[^>]*["'](?:always|unsafe-url)["'][^>]*>|""" rb""" referrerpolicy=["']unsafe-url["']""", re.IGNORECASE
)
"""What goes in every state of consent: policies that tell other hosts the full address."""


@pytest.mark.timeout(300)
@pytest.mark.corpus
@needs_corpus
@pytest.mark.parametrize(
    "pattern",
    [
        "corpus/dev/*.html",
        "corpus/transcoded/dev/*",
        "conformance/html5lib-tests/tokenizer/*.test",
        "conformance/html5lib-tests/tree-construction/*.dat",
    ],
)
@pytest.mark.usefixtures("unmeasured")
def test_saved_pages_pass_unchanged_when_there_is_nothing_to_do(pattern: str) -> None:
    pages = decodable(saved(pattern))
    assert pages
    for page in pages:
        without = TALKATIVE.sub(b"", page)
        assert rewritten(page, STATES["keep"]) == without
        assert rewritten(page, STATES["keep"], size=4096) == without


@pytest.mark.corpus
@needs_corpus
@pytest.mark.usefixtures("unmeasured")
def test_reference_inputs_pass_unchanged_when_there_is_nothing_to_do() -> None:
    inputs = [
        test.partition(b"\n#errors")[0]
        for file in saved("conformance/html5lib-tests/tree-construction/*.dat")
        for test in file.split(b"#data\n")[1:]
    ]
    assert len(inputs) > 1500
    for page in inputs:
        assert rewritten(page, STATES["keep"]) == page
        for rules in STATES.values():
            assert rewritten(page, rules, banner(), size=1) == rewritten(page, rules, banner())


@pytest.mark.corpus
@needs_corpus
@pytest.mark.usefixtures("unmeasured")
def test_saved_pages_rewritten_twice_are_rewritten_once() -> None:
    for page in decodable(saved("corpus/dev/*.html"))[::9]:
        for rules in (STATES["hold"], STATES["remove"]):
            once = rewritten(page, rules)
            assert rewritten(once, rules) == once
