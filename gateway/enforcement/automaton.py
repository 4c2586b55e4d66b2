"""A pattern over bytes that RE2 runs as an automaton: one pass, whatever the input.

The package's Python layer makes an iterator and a match object for each call, several times the cost of a short
match. Here only positions are wanted, so the extension module below it is asked directly.
"""

from __future__ import annotations

from typing import Final

import re2

_BEGIN: Final = re2._Anchor.ANCHOR_START
_ANYWHERE: Final = re2._Anchor.UNANCHORED


class Automaton:
    """`pattern` in RE2's syntax, read as Latin-1, without groups. Raises ValueError where RE2 cannot read it."""

    def __init__(self, pattern: str, *, megabytes: int = 8, any_case: bool = False) -> None:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.never_capture = True
        options.max_mem = megabytes << 20
        options.case_sensitive = not any_case
        options.log_errors = False
        compiled = re2._re2.RE2(pattern.encode("latin-1"), options)
        if not compiled.ok():
            raise ValueError(f"{compiled.error()}: {pattern}")
        self._match = compiled.Match

    def end(self, data: bytes, start: int = 0, stop: int | None = None) -> int:
        """Where the match that begins at `start` ends, before `stop` if that is given; -1 if there is none."""
        position: int = self._match(_BEGIN, data, start, len(data) if stop is None else stop)[0][1]
        return position

    def found(self, data: bytes) -> bool:
        """Whether it matches anywhere in `data`."""
        there: bool = self._match(_ANYWHERE, data, 0, len(data))[0][1] >= 0
        return there
