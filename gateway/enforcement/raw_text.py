"""The end of an element whose content is text for the tokenizer, sought as the bytes come in.

Source: HTML Standard, 13.2.5.2–4 (RCDATA, RAWTEXT) and 13.2.5.15–31 (script data, escaped, double escaped).
"""

from __future__ import annotations

import re

ELEMENTS = frozenset([
    "iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea", "title",
    "xmp"
])
"""Whose start tag makes text of what follows (with scripting on, as for `noscript`)."""


def _end_tag(name: str) -> re.Pattern[bytes]:
    # Spelt out, not by a flag: only a literal beginning lets the engine leap to it.
    return re.compile(f"</{''.join(f'[{c}{c.upper()}]' for c in name)}[\\t\\n\\x0c\\r />]".encode())


_ENDS = {name: _end_tag(name) for name in ELEMENTS | {"object"}}
_ESCAPED_MARK = re.compile(rb"-->|<(/?)[sS][cC][rR][iI][pP][tT][\t\n\x0c\r />]")
_PLAIN, _ESCAPED, _DOUBLE = 0, 1, 2


class RawText:
    """The search for one end tag. Each byte is looked at once, however small the pieces are."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._longest = len(name) + 2
        self._state = _PLAIN
        self._settled = 0  # how many bytes of the content surely stand before the end tag

    def find(self, data: bytes | bytearray, start: int) -> int:
        """Where the end tag begins, -1 if `data` does not hold it yet.

        The content begins at `start`; asked again, `data` must hold at least the same bytes from there.
        """
        if self.name == "plaintext":
            self._settled = len(data) - start
            return -1
        position = start + self._settled
        found = self._script(data, position) if self.name == "script" else self._plain(data, position)
        self._settled = found[0] - start
        return found[0] if found[1] else -1

    def forget(self) -> int:
        """The settled bytes are taken off, so the content begins after them; how many they are."""
        settled, self._settled = self._settled, 0
        return settled

    def _plain(self, data: bytes | bytearray, position: int) -> tuple[int, bool]:
        match = _ENDS[self.name].search(data, position)
        return (match.start(), True) if match else (self._cut(data, position), False)

    def _script(self, data: bytes | bytearray, position: int) -> tuple[int, bool]:
        while True:
            if self._state == _PLAIN:
                match = _ENDS["script"].search(data, position)
                begin = data.find(b"<!--", position, match.start() if match else len(data))
                if begin < 0:
                    return (match.start(), True) if match else (self._cut(data, position), False)
                self._state = _ESCAPED
                position = begin + 2  # "<!-->": the dashes that open may also close
            match = _ESCAPED_MARK.search(data, position)
            if match is None:
                return self._cut(data, position), False
            if match[0] == b"-->":
                self._state = _PLAIN
                position = match.end()
            elif match[1] and self._state == _ESCAPED:
                return match.start(), True
            else:
                self._state = _ESCAPED if match[1] else _DOUBLE
                position = match.end() - 1

    def _cut(self, data: bytes | bytearray, position: int) -> int:
        """Where an end tag that is not complete yet could begin at the earliest."""
        return max(position, len(data) - self._longest)
