"""ISO-2022-JP read byte for byte as browsers do: a difference would show them tags that the rewriter did not see.

Source: WHATWG Encoding, 12.2.1 (ISO-2022-JP decoder). The standard library's codec knows other escapes, and
raises when an unfinished one grows.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

_ERROR: Final = "\ufffd"
_ESCAPE: Final = 0x1B
_LONGEST_ESCAPE: Final = 3


class _State(Enum):
    ASCII = b"(B"
    ROMAN = b"(J"
    KATAKANA = b"(I"
    DOUBLE = b"$B"


_ESCAPES: Final = {state.value: state for state in _State} | {b"$@": _State.DOUBLE}


class Iso2022Jp:
    """An incremental decoder: bytes in, text out."""

    def __init__(self) -> None:
        self._state = _State.ASCII
        self._rest = b""
        self._empty = False
        """Whether nothing stood since the last escape: two in a row are an error."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """The text that is complete so far; all of it when `final`."""
        data = self._rest + data
        out: list[str] = []
        position = 0
        while position < len(data):
            if data[position] == _ESCAPE:
                if len(data) - position < _LONGEST_ESCAPE and not final:
                    break
                position = self._escape(data, position, out)
                continue
            end = data.find(b"\x1b", position)
            end = len(data) if end < 0 else end
            whole = end < len(data) or final
            if self._state is _State.DOUBLE:
                position = self._pairs(data, position, end, whole, out)
                if position < end:
                    break
            else:
                out.append("".join(map(self._single, data[position:end])))
                self._empty = False
                position = end
        self._rest = data[position:]
        return "".join(out)

    def _escape(self, data: bytes, position: int, out: list[str]) -> int:
        state = _ESCAPES.get(data[position + 1 : position + 3])
        if state is None:
            out.append(_ERROR)
            self._empty = False
            return position + 1
        if self._empty:
            out.append(_ERROR)
        self._state, self._empty = state, True
        return position + 3

    def _single(self, byte: int) -> str:
        if self._state is _State.KATAKANA:
            return chr(0xFF61 - 0x21 + byte) if 0x21 <= byte <= 0x5F else _ERROR
        if byte > 0x7F or byte in (0x0E, 0x0F):
            return _ERROR
        if self._state is _State.ROMAN and byte in (0x5C, 0x7E):
            return "\u00a5" if byte == 0x5C else "\u203e"
        return chr(byte)

    def _pairs(self, data: bytes, position: int, end: int, whole: bool, out: list[str]) -> int:
        """Two bytes a character; a lead byte without its trail waits unless the run is `whole`."""
        while position < end:
            self._empty = False
            if not 0x21 <= data[position] <= 0x7E:
                out.append(_ERROR)
                position += 1
            elif position + 1 < end:
                out.append(_character(data[position], data[position + 1]))
                position += 2
            elif whole:
                out.append(_ERROR)
                position += 1
            else:
                break
        return position


def _character(lead: int, trail: int) -> str:
    """JIS X 0208 with the vendors' rows, by its place in Shift_JIS, whose table has them all."""
    if not 0x21 <= trail <= 0x7E:
        return _ERROR
    first = (lead - 0x21) // 2 + (0x81 if lead < 0x5F else 0xC1)
    second = trail + 0x7E if lead % 2 == 0 else trail + (0x1F if trail < 0x60 else 0x20)
    return bytes((first, second)).decode("cp932", "replace")[:1]
