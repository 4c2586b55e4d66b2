"""Import maps and speculation rules: JSON that tells the browser what to load (HTML Standard, 8.1.5.2 and 7.6)."""

from __future__ import annotations

import json
import re
from typing import Final

from gateway.enforcement.attributes import StartTag
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.page_policy import Kind, PagePolicy
from gateway.model.categories import Fate

MAPS: Final = {"importmap": Kind.SCRIPT, "speculationrules": Kind.HINT}
"""What the addresses in a script of these types are for."""
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*+)"', re.DOTALL)


def edit_map(tag: StartTag, content: bytes, kind: Kind, policy: PagePolicy) -> Edit | None:
    """The map without the addresses that may not load; None to keep it byte for byte."""
    counts: list[Count] = []

    def replace(match: re.Match[bytes]) -> bytes:
        verdict = policy.url(_unescaped(match), kind)
        if verdict.fate is Fate.KEEP:
            return match[0]
        counts.append(Count(verdict.service, kind.value, Fate.REMOVE))
        return b'"data:text/javascript,"'

    text = _STRING.sub(replace, content)
    return Edit(tag.source, False, tuple(counts), text) if counts else None


def _unescaped(match: re.Match[bytes]) -> str:
    text = match[0].decode("utf-8", "surrogateescape")
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text[1:-1]
