"""The lines of an exported record: complete, checked when read, and faults named by line and entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import ChainBroken, ImportRefused
from gateway.model.entry import GENESIS, Entry, Event, Kind, seal
from gateway.model.exchange import end_line, entry_line, header_line, items, text_line
from tests.ledger.record import PICTURE, TEXT, events, recomputed


def chain(made: Sequence[Event]) -> list[Entry]:
    entries: list[Entry] = []
    for seq, event in enumerate(made, 1):
        head = entries[-1].head if entries else GENESIS
        entries.append(seal(event, seq=seq, prev=head, salt=bytes([seq]) * 32))
    return entries


ENTRIES = chain(events())
LINES = [
    header_line(),
    text_line(TEXT),
    text_line(PICTURE),
    *map(entry_line, ENTRIES),
    end_line(len(ENTRIES), ENTRIES[-1].head),
]
FIRST = 3
"""Place of the first entry's line."""


def test_what_is_written_is_read_back() -> None:
    assert list(items(LINES)) == [TEXT, PICTURE, *ENTRIES]


def test_the_lines_alone_let_anybody_recompute_the_chain() -> None:
    assert recomputed(LINES) == (len(ENTRIES), ENTRIES[-1].head.hex(), 0)


def test_an_empty_record_has_two_lines() -> None:
    assert list(items([header_line(), end_line(0, GENESIS)])) == []


def test_deleted_bodies_are_null_and_accounted_for() -> None:
    whole = chain([*events()[:2], Event(Kind.ERASURE, 20_780, {"n": 1})])
    bare = [replace(whole[0], salt=None, body=None), *whole[1:]]
    texts = [text_line(TEXT), text_line(PICTURE)]
    lines = [header_line(), *texts, *map(entry_line, bare), end_line(3, bare[-1].head)]
    assert json.loads(lines[FIRST])["body"] is None
    assert list(items(lines)) == [TEXT, PICTURE, *bare]
    assert recomputed(lines) == (3, bare[-1].head.hex(), 1)
    unexplained = [header_line(), entry_line(bare[0]), end_line(1, bare[0].head)]
    with pytest.raises(ChainBroken, match=r"1 bodies are gone.*line 3"):
        list(items(unexplained))


@pytest.mark.parametrize(
    "lines",
    [[], [b""], [b"\n"], [b"{}"], [b"[" * 100_000], LINES[1:], [header_line().replace(b"v1", b"v2", 1), *LINES[1:]]],
    ids=["nothing", "empty", "blank", "object", "deep", "no header", "other version"],
)
def test_another_file_is_refused_at_once(lines: list[bytes]) -> None:
    with pytest.raises(ImportRefused, match="cg/export/v1"):
        items(lines)


def changed(**values: Any) -> Callable[[bytes], bytes]:
    return lambda line: json.dumps({**json.loads(line), **values}).encode()


FAULTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "day": (changed(day="2020-01-01"), "was changed"),
    "kind": (changed(kind="grant"), "was changed"),
    "number": (changed(seq=7), "missing"),
    "previous head": (changed(prev="00" * 32), "does not follow"),
    "commitment": (changed(commitment="00" * 32), "was changed"),
    "body": (changed(body={}), "body or its salt"),
    "body with a fraction": (changed(body={"n": 1.5}), "body or its salt"),
    "salt": (changed(salt="00" * 32), "body or its salt"),
    "body deleted alone": (changed(body=None), "go together"),
    "short salt": (changed(salt="00"), "32 bytes"),
    "no hexadecimal": (changed(head="zz"), "hexadecimal"),
    "no such kind": (changed(kind="x"), "cannot be read"),
    "another key": (changed(name="x"), "cannot be read"),
    "deep": (lambda line: b'{"line":"entry","body":' + b"[" * 100_000, "cannot be read"),
    "half a line": (lambda line: line[:40], "cannot be read"),
    "no UTF-8": (lambda line: b"\xff" + line, "cannot be read|decode"),
    "a second header": (lambda line: header_line(), "second beginning"),
    "left out": (lambda line: LINES[FIRST + 2], "missing"),
}


@pytest.mark.parametrize(("edit", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_named_by_entry_and_line(edit: Callable[[bytes], bytes], fault: str) -> None:
    place = FIRST + 1
    lines = [*LINES[:place], edit(LINES[place]), *LINES[place + 1 :]]
    with pytest.raises(ChainBroken, match=rf"({fault}).*\(line {place + 1}\)") as caught:
        list(items(lines))
    assert caught.value.seq == 2


@pytest.mark.parametrize(
    "edit",
    [changed(text="other"), changed(text=None), changed(base64="?", text=None), changed(sha256="00" * 32)],
    ids=["text", "none", "no base64", "hash"],
)
def test_a_changed_text_is_found(edit: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ChainBroken, match=r"text.*\(line 2\)"):
        list(items([LINES[0], edit(LINES[1]), *LINES[2:]]))


@pytest.mark.parametrize("missing", range(1, len(LINES)))
def test_a_file_that_was_cut_is_found(missing: int) -> None:
    with pytest.raises(ChainBroken, match="cut"):
        list(items(LINES[:-missing]))


def test_a_cut_that_keeps_the_last_line_is_found() -> None:
    with pytest.raises(ChainBroken, match="cut out"):
        list(items([*LINES[:-2], LINES[-1]]))


def test_nothing_may_follow_the_end() -> None:
    with pytest.raises(ChainBroken, match="after the end"):
        list(items([*LINES, LINES[-1]]))


def test_what_was_good_is_handed_out_before_the_fault() -> None:
    reading = items([*LINES[:-1], b"?"])
    assert [next(reading) for _ in range(2 + len(ENTRIES))] == [TEXT, PICTURE, *ENTRIES]
