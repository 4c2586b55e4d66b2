"""html5lib's tokenizer tests, told by the rewriter at work: which start tags it sees, which raw text it spans."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from gateway.enforcement import scanner
from gateway.enforcement.attributes import StartTag, decode
from gateway.enforcement.automaton import Automaton
from gateway.enforcement.edit import Edit
from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.raw_text import RawText
from gateway.model.categories import Fate
from tests.conformance.reference import TokenizerCase, needs_reference, tokenizer_cases
from tests.enforcement.trackers import policy

pytestmark = [pytest.mark.corpus, needs_reference]

Tag = tuple[str, dict[str, str]]
RULES = policy(Fate.KEEP)
BEFORE = {
    "Data": "",
    "RCDATA": "<{}>",
    "RAWTEXT": "<{}>",
    "Script data": "<script>",
    "CDATA section": "<svg><![CDATA[",
    "PLAINTEXT": "<plaintext>",
}
"""What brings the rewriter into an initial state."""
ELEMENTS = {"RCDATA": "title", "RAWTEXT": "noframes", "Script data": "script", "PLAINTEXT": "plaintext"}
"""Where a test names no element. No end tag fits then; these tests hold none of that name."""
ALL_TAGS_STOP = Automaton(rf"(?:{scanner._TEXT}|{scanner._COMMENT}|{scanner._BOGUS})*")
WATCHED = {*scanner.ANYWHERE}


@pytest.fixture(autouse=True)
def _every_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tag is passed over because it was met before."""
    monkeypatch.setattr(scanner, "run_over", lambda data, start, limit, passed: scanner.run(data, start, limit))


class Reader(HtmlRewriter):
    """A rewriter that notes the start tags and the raw text it meets."""

    def __init__(self) -> None:
        super().__init__(RULES)
        self._recorder = None  # every tag is to be seen, known or not
        self.tags: list[StartTag] = []
        self.text = b""
        self.text_ended = False

    def _judged(self, source: bytes) -> tuple[StartTag, Edit | None]:
        tag, change = super()._judged(source)
        self.tags.append(tag)
        return tag, change

    def _settle(self, raw: RawText, data: bytes, position: int, out: list[bytes]) -> int:
        settled = super()._settle(raw, data, position, out)
        self._note(data[position:settled])
        return settled

    def _close_raw(self, inner: bytes, last: bytes, out: list[bytes]) -> None:
        self._note(inner)
        self.text_ended = self.text_ended or bool(last)
        super()._close_raw(inner, last, out)

    def _note(self, text: bytes) -> None:
        if not self.text_ended:
            self.text += text


def read(page: str, size: int = 0) -> Reader:
    """What is seen of a page that comes whole, or in pieces of `size` bytes."""
    data = page.encode("utf-8", "surrogatepass")
    reader = Reader()
    size = size or len(data) or 1
    out = b"".join(reader.write(data[at : at + size]) for at in range(0, len(data), size))
    assert out + reader.end() == data
    return reader


def plain(text: str) -> str:
    """As the tokenizer's input and output differ for every text: line ends become LF, NUL becomes U+FFFD."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


def text_of(raw: str | bytes) -> str:
    data = raw.encode("latin-1") if isinstance(raw, str) else raw
    return plain(data.decode("utf-8", "surrogatepass"))


def seen(tags: list[StartTag]) -> list[Tag]:
    found = []
    for tag in tags:
        values: dict[str, str] = {}
        for attribute in tag.attributes:
            values.setdefault(text_of(attribute.name), plain(decode(attribute.raw)))
        found.append((text_of(tag.name), values))
    return found


def wanted(case: TokenizerCase) -> list[Tag]:
    return [(token[1], token[2]) for token in case.tokens if token[0] == "StartTag"]


def matters(tag: Tag) -> bool:
    return tag[0] in scanner.INTERESTING or not WATCHED.isdisjoint(tag[1])


def page_of(case: TokenizerCase) -> tuple[str, str]:
    """The test as a page, and the name of the raw-text element it stands in."""
    name = case.last_tag or ELEMENTS.get(case.state, "")
    name = ELEMENTS[case.state] if case.state in ("Script data", "PLAINTEXT") else name
    return BEFORE[case.state].format(name) + renamed(case, case.text, name), name


def renamed(case: TokenizerCase, text: str, name: str) -> str:
    """No page has script data that ends at `</xmp>`: five tests are read with the name of the element they are in."""
    return re.sub(case.last_tag, name, text, flags=re.IGNORECASE) if case.last_tag not in ("", name) else text


def test_every_start_tag_is_seen_with_its_attributes(
    monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    cases = [case for case in tokenizer_cases() if case.state in ("Data", "CDATA section")]
    failed = []
    for case in cases:
        page, _ = page_of(case)
        expected = wanted(case)
        ours: list[Tag] = [("svg", {})] * (case.state != "Data")
        important = [tag for tag in seen(read(page).tags) if matters(tag)]
        if important != ours + [tag for tag in expected if matters(tag)]:
            failed.append((page, expected, important))
    monkeypatch.setattr(scanner, "run", ALL_TAGS_STOP.end)
    for case in cases:
        page, _ = page_of(case)
        ours = [("svg", {})] * (case.state != "Data")
        for size in (0, 1):
            got = seen(read(page, size).tags)
            if got != ours + wanted(case):
                failed.append((page, wanted(case), got))
    say(f"{len(cases) - len(failed)} of {len(cases)} html5lib tokenizer tests passed")
    assert len(cases) == 6750
    assert not failed, failed[:10]


def test_raw_text_is_spanned_as_the_tests_say(say: Callable[[str], None]) -> None:
    passed: Counter[str] = Counter()
    failed = []
    for case in tokenizer_cases():
        if case.state in ("Data", "CDATA section"):
            continue
        page, name = page_of(case)
        tokens = [[renamed(case, part, name) for part in token[:2]] for token in case.tokens]
        ends = tokens.index(["EndTag", name]) if ["EndTag", name] in tokens else None
        expected = "".join(token[1] for token in tokens[:ends] if token[0] == "Character")
        for size in (0, 1):
            reader = read(page, size)
            text = reader.text.decode("utf-8", "surrogatepass")
            if ends is None:
                text = re.sub(rf"</{name}[ /].*\Z", "", text)  # an end tag that does not end: nobody reads further
            text = plain(decode(text.encode("utf-8", "surrogatepass")) if case.state == "RCDATA" else text)
            if text == plain(expected) and reader.text_ended == (ends is not None):
                passed[case.state] += size == 0
            else:
                failed.append((page, expected, text))
    say(f"{sum(passed.values())} of 286 html5lib raw-text tests passed: {dict(passed)}")
    assert not failed, failed[:10]
    assert sum(passed.values()) == 286


def test_character_references_in_attributes_are_those_of_the_tests(say: Callable[[str], None]) -> None:
    passed, failed = 0, []
    for case in tokenizer_cases():
        text, kinds = case.text, {token[0] for token in case.tokens}
        if case.state != "Data" or "&" not in text or kinds != {"Character"} or '"' in text:
            continue
        expected = "".join(token[1] for token in case.tokens)
        if re.search(r"&[a-zA-Z]++(?!;)|&noti;", text) and len(expected) > 1 and expected[-1] == text[-1]:
            expected = text  # in text a reference may end before a letter or digit, in attributes not (13.2.5.73)
        (tag,) = (tag for tag in read(f'<a b="{plain(text)}" style>').tags if tag.name == "a")
        got = tag.value("b")
        passed += got == expected
        failed += [] if got == expected else [(text, expected, got)]
    say(f"{passed} of {passed + len(failed)} html5lib character references passed")
    assert not failed, failed[:20]
    assert passed > 4500
