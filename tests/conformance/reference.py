"""Where other people's tests stand, and how html5lib's formats are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.enforcement.trackers import SHARED

REFERENCE = SHARED / "conformance"

needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"the reference tests are not at {REFERENCE}")
needs_pages = pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason=f"the saved pages are not at {SHARED}")


class TokenizerCase(NamedTuple):
    """One html5lib tokenizer test in one initial state; text may hold lone surrogates."""

    file: str
    state: str
    last_tag: str
    text: str
    tokens: list[list[Any]]


def tokenizer_cases() -> Iterator[TokenizerCase]:
    """Every test in every state it names."""
    for path in sorted(REFERENCE.glob("html5lib-tests/tokenizer/*.test")):
        file = json.loads(path.read_text("utf-8"))
        for test in file.get("tests") or file["xmlViolationTests"]:
            if test.get("doubleEscaped"):
                test = _unescaped(test)
            for state in test.get("initialStates", ["Data state"]):
                last = test.get("lastStartTag", "")
                yield TokenizerCase(path.name, state.removesuffix(" state"), last, test["input"], test["output"])


def _unescaped(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), value)
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    return {_unescaped(key): _unescaped(item) for key, item in value.items()} if isinstance(value, dict) else value


class TreeCase(NamedTuple):
    """One html5lib tree-construction test: the page, the element it is the inside of, the tree as lines."""

    file: str
    page: bytes
    fragment: str
    scripting: bool | None
    tree: list[str]


_TREE_CASE = re.compile(
    rb"#data\n(.*?)\n?#errors\n(?:.*?\n)??(?:#new-errors\n.*?)??(?:#document-fragment\n([^\n]+)\n)?"
    rb"(?:#script-(on|off)\n)?#document\n(.*?)(?=\n\n#data\n|\n*\Z)",
    re.DOTALL,
)


def tree_cases() -> Iterator[TreeCase]:
    """Every tree-construction test."""
    for path in sorted(REFERENCE.glob("html5lib-tests/tree-construction/**/*.dat")):
        for page, fragment, script, tree in _TREE_CASE.findall(path.read_bytes()):
            scripting = script == b"on" if script else None
            yield TreeCase(path.name, page, fragment.decode(), scripting, tree.decode().split("\n"))
