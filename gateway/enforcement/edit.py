"""The outcome of judging one start tag."""

from __future__ import annotations

from typing import NamedTuple

from gateway.enforcement.embed import Embed
from gateway.model.categories import Fate


class Count(NamedTuple):
    """One thing that was enforced, for the statistics: whose, what kind of thing, and what became of it."""

    service: str
    what: str
    fate: Fate


class Edit(NamedTuple):
    """What replaces a start tag; with `skip` everything up to and including its end tag goes too."""

    output: bytes
    skip: bool = False
    counts: tuple[Count, ...] = ()
    content: bytes | None = None
    """What replaces the text of the element; None to keep it."""
    after: bytes = b""
    """What stands behind the element's end tag."""
    embed: Embed | None = None
    """What a placeholder can stand for, with its content and its end tag; `output` is for where none can."""
