"""html5lib's tree-construction tests: no element of the finished tree that can load is missing from what was seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from gateway.enforcement import scanner
from gateway.enforcement.attributes import StartTag
from gateway.enforcement.edit import Edit
from gateway.enforcement.html import HtmlRewriter
from gateway.model.categories import Fate
from tests.conformance.reference import TreeCase, needs_reference, tree_cases
from tests.enforcement.trackers import policy, rewritten

pytestmark = [pytest.mark.corpus, needs_reference]

ELEMENT = re.compile(r"\| +<(?:(svg|math) )?([^>]+)>")
LOADING = {
    "audio",
    "embed",
    "frame",
    "iframe",
    "image",
    "img",
    "link",
    "object",
    "script",
    "source",
    "style",
    "track",
    "video",
}
NOT_PAGES = re.compile(
    r"(?:svg|math) |(?:script|style|plaintext|title|textarea|xmp|iframe|noembed|noframes)$|frameset$|select$"
)
"""Insides of elements that no answer is: the rewriter reads pages, and what scripts fetch from its beginning."""


WRITTEN = b'document.write("<script>document.write'
"""One page writes two scripts at run time: nothing that passes on the wire."""


def in_tree(case: TreeCase) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in case.tree:
        if match := ELEMENT.match(line):
            found[match[2].lower()] += 1
    return +Counter({name: number for name, number in found.items() if name in LOADING})


def test_what_loads_in_the_tree_was_seen(monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]) -> None:
    seen: Counter[str] = Counter()
    judged = HtmlRewriter._judged

    def note(self: HtmlRewriter, source: bytes) -> tuple[StartTag, Edit | None]:
        tag, change = judged(self, source)
        seen[tag.name] += 1
        return tag, change

    monkeypatch.setattr(HtmlRewriter, "_judged", note)
    monkeypatch.setattr(scanner, "run_over", lambda data, start, limit, passed: scanner.run(data, start, limit))
    passed, failed, elsewhere, elements = 0, [], 0, 0
    for case in tree_cases():
        if NOT_PAGES.match(case.fragment) or WRITTEN in case.page:
            elsewhere += 1
            continue
        seen.clear()
        assert rewritten(case.page, policy(Fate.KEEP)) == case.page
        seen["img"] += seen["image"]  # the tree calls it img
        missing = in_tree(case) - seen
        elements += in_tree(case).total()
        passed += not missing
        failed += [(case.file, case.page, dict(missing))] if missing else []
    say(f"{passed} of {passed + len(failed)} html5lib tree tests passed ({elements} elements), {elsewhere} not pages")
    assert not failed, failed[:10]
    assert passed > 1500
    assert elements > 300
