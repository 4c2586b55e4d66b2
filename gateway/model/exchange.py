"""The record as lines of JSON: enough to recompute the chain, here or elsewhere, and to make the record anew.

    {"line":"header","format":"cg/export/v1","commitment":…,"chain":…}
    {"line":"text","sha256":…,"text":…}                     an archived text, before the first entry that names it;
                                                            "base64" instead of "text" where it is not UTF-8
    {"line":"entry","seq":…,"day":…,"kind":…,"commitment":…,"prev":…,"head":…,"salt":…,"body":…}
    {"line":"end","entries":…,"head":…}

Bytes are in hexadecimal. A deleted body is null, and so is its salt; the `erasure` and `retention` entries account for
them. The first line says how everything is computed, the last one shows that the file was not cut.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from gateway.errors import ChainBroken, ImportRefused
from gateway.model.chain import ChainCheck
from gateway.model.entry import Entry, Kind

FORMAT: Final = "cg/export/v1"

Item: TypeAlias = "Entry | bytes"
"""An entry, or an archived text."""


class _Line(msgspec.Struct, tag_field="line", tag=lambda name: name.lower().lstrip("_"), forbid_unknown_fields=True):
    pass


class _Header(_Line):
    format: str
    commitment: str = "HMAC-SHA256(key = salt, 'cg/v1/body' 00 || body as JSON, keys sorted, no spaces, UTF-8)"
    chain: str = "head = SHA-256('cg/v1/chain' 00 || prev || u64be(seq) || day || 00 || kind || 00 || commitment)"


class _Text(_Line, omit_defaults=True):
    sha256: str
    text: str | None = None
    base64: str | None = None


class _Entry(_Line):
    seq: int
    day: str
    kind: Kind
    commitment: str
    prev: str
    head: str
    salt: str | None
    body: dict[str, Any] | None


class _End(_Line):
    entries: int
    head: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Header | _Text | _Entry | _End).decode


def header_line() -> bytes:
    """The first line, with its line feed, as all of them."""
    return _line(_Header(FORMAT))


def text_line(text: bytes) -> bytes:
    """The line of an archived text."""
    sha256 = hashlib.sha256(text).hexdigest()
    try:
        return _line(_Text(sha256, text=text.decode()))
    except UnicodeDecodeError:
        return _line(_Text(sha256, base64=base64.b64encode(text).decode()))


def entry_line(entry: Entry) -> bytes:
    """The line of one entry."""
    salt = None if entry.salt is None else entry.salt.hex()
    body = None if entry.body is None else dict(entry.body)
    chain = (entry.commitment.hex(), entry.prev.hex(), entry.head.hex())
    return _line(_Entry(entry.seq, entry.day, entry.kind, *chain, salt, body))


def end_line(entries: int, head: bytes) -> bytes:
    """The last line."""
    return _line(_End(entries, head.hex()))


def items(lines: Iterable[bytes]) -> Iterator[Item]:
    """What an exported record holds, in order, verified on the way.

    Raises ImportRefused at once if the first line is not an export's. While it is read it raises ChainBroken at the
    first entry at fault, or at the end if that is missing or deleted bodies are not accounted for, and names the line.
    """
    numbered = enumerate(lines, 1)
    _, first = next(numbered, (0, b""))
    try:
        header = _decode(first)
    except ValueError:
        header = None
    if not isinstance(header, _Header) or header.format != FORMAT:
        raise ImportRefused(f"not an exported record: its first line must be that of {FORMAT}")
    return _checked(numbered)


def _checked(numbered: Iterable[tuple[int, bytes]]) -> Iterator[Item]:
    check, number, ended = ChainCheck(), 1, False
    for number, line in numbered:
        try:
            if ended:
                raise ValueError("goes on after the end")
            found = _decode(line)
            if isinstance(found, _End):
                _finish(check, found)
                ended = True
            else:
                yield _item(check, found)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ChainBroken(check.seq + 1, f"cannot be read as a line of an export (line {number})") from error
        except ValueError as error:
            raise ChainBroken(check.seq + 1, f"{error} (line {number})") from error
        except ChainBroken as error:
            raise ChainBroken(error.seq, f"{error.fault} (line {number})") from error
    if not ended:
        raise ChainBroken(check.seq + 1, f"the end is missing: the file was cut (after line {number})")


def _item(check: ChainCheck, line: _Header | _Text | _Entry) -> Item:
    if isinstance(line, _Text):
        return _text(line)
    if isinstance(line, _Header):
        raise ValueError("a second beginning")
    salt = None if line.salt is None else _bytes(line.salt)
    entry = Entry(
        line.seq, line.day, line.kind, _bytes(line.commitment), _bytes(line.prev), _bytes(line.head), salt, line.body
    )
    check.feed(entry)
    return entry


def _finish(check: ChainCheck, line: _End) -> None:
    if (line.entries, line.head) != (check.seq, check.head.hex()):
        raise ValueError("the end does not fit the entries before it: some were cut out")
    check.finish()


def _text(line: _Text) -> bytes:
    try:
        text = line.text.encode() if line.base64 is None else base64.b64decode(line.base64, validate=True)  # type: ignore[union-attr]
    except (AttributeError, binascii.Error):
        raise ValueError("a text without its text") from None
    if hashlib.sha256(text).hexdigest() != line.sha256:
        raise ValueError("a text was changed")
    return text


def _bytes(hexadecimal: str) -> bytes:
    value = bytes.fromhex(hexadecimal)
    if len(value) != 32:
        raise ValueError("a value that is not 32 bytes long")
    return value


def _line(struct: _Line) -> bytes:
    return _encode(struct) + b"\n"
