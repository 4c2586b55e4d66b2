"""Entries as rows of the ledger's tables, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from gateway.errors import ChainBroken
from gateway.model.entry import Body, Entry, Kind, canonical_json

_decode = msgspec.json.Decoder().decode


def chain_row(entry: Entry) -> tuple[int, str, str, bytes, bytes, bytes]:
    """What the chain keeps for ever."""
    return entry.seq, entry.day, entry.kind.value, entry.commitment, entry.prev, entry.head


def body_row(entry: Entry) -> tuple[int, bytes | None, bytes | None, str]:
    """What can be deleted of a choice: number, tag for the index, salt, body."""
    body = entry.body or {}
    tag = body.get("subject_tag")
    return (
        entry.seq,
        bytes.fromhex(tag) if isinstance(tag, str) else None,
        entry.salt,
        canonical_json(body).decode(),
    )


def kept_row(entry: Entry) -> tuple[int, bytes | None, str]:
    """Salt and body of the record's own housekeeping."""
    return entry.seq, entry.salt, canonical_json(entry.body or {}).decode()


def entry_of(row: Iterable[Any]) -> Entry:
    """The entry of a row: number, day, kind, commitment, previous head, head, and salt and body, None once deleted.

    Raises ChainBroken for a row that cannot be an entry.
    """
    seq, day, kind, commitment, prev, head, salt, text = row
    body = None if text is None else body_of(seq, text)
    return Entry(seq, day, kind_of(seq, kind), commitment, prev, head, salt, body)


def kind_of(seq: int, kind: str) -> Kind:
    """Raises ChainBroken for a kind that does not exist."""
    try:
        return Kind(kind)
    except ValueError as error:
        raise ChainBroken(seq, "there is no such kind") from error


def body_of(seq: int, text: str) -> Body:
    """Raises ChainBroken for a text that is not a body in canonical form."""
    try:
        body: Body = _decode(text)
        canonical = isinstance(body, dict) and canonical_json(body).decode() == text
    except (TypeError, ValueError) as error:
        raise ChainBroken(seq, "the body cannot be read") from error
    if not canonical:
        raise ChainBroken(seq, "the body is not in canonical form")
    return body
