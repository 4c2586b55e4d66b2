"""A record that verifies, and every way in which one does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.errors import ChainBroken
from gateway.model.chain import ChainCheck
from gateway.model.entry import GENESIS, Body, Entry, Event, Kind, chain_hash, choice_event, commitment, seal

HASH = "0" * 64


def refusal(day: int = 20_000) -> Event:
    return choice_event(
        Kind.REFUSE,
        now=day * 86400,
        subject_tag=None,
        choices={"preferences": 0, "statistics": 0, "marketing": 0},
        notice_rev=1,
        notice_sha256=HASH,
        ui_sha256=HASH,
        policy_rev=1,
        tenant="",
        locale="en",
        layout="wide",
        surface="banner",
        signal=0,
    )


def record(*events: Event) -> list[Entry]:
    entries: list[Entry] = []
    for seq, event in enumerate(events, 1):
        prev = entries[-1].head if entries else GENESIS
        entries.append(seal(event, seq=seq, prev=prev, salt=bytes([seq]) * 32))
    return entries


def verified(entries: list[Entry]) -> ChainCheck:
    check = ChainCheck()
    for entry in entries:
        check.feed(entry)
    check.finish()
    return check


def gone(entry: Entry) -> Entry:
    return replace(entry, body=None, salt=None)


def test_an_empty_record_is_whole() -> None:
    assert verified([]).head == GENESIS


def test_a_whole_record_gives_its_head() -> None:
    entries = record(refusal(), refusal(), Event(Kind.ANCHOR, 20_000, {}))
    check = verified(entries)
    assert (check.seq, check.head) == (3, entries[-1].head)


def forged(entry: Entry, body: Body) -> Entry:
    """An entry with matching hashes whose body should never have been written."""
    c = commitment(b"s" * 32, body)
    head = chain_hash(entry.prev, entry.seq, entry.day, entry.kind, c)
    return replace(entry, salt=b"s" * 32, body=body, commitment=c, head=head)


EDITS: dict[str, Callable[[list[Entry]], list[Entry]]] = {
    "day": lambda e: [e[0], replace(e[1], day="2020-01-01"), e[2]],
    "kind": lambda e: [e[0], replace(e[1], kind=Kind.GRANT), e[2]],
    "commitment": lambda e: [e[0], replace(e[1], commitment=bytes(32)), e[2]],
    "head": lambda e: [e[0], replace(e[1], head=bytes(32)), e[2]],
    "previous head": lambda e: [e[0], replace(e[1], prev=bytes(32)), e[2]],
    "salt": lambda e: [e[0], replace(e[1], salt=bytes(32)), e[2]],
    "short salt": lambda e: [e[0], replace(e[1], salt=b"s"), e[2]],
    "body": lambda e: [e[0], replace(e[1], body={**(e[1].body or {}), "signal": 1}), e[2]],
    "body with a fraction": lambda e: [e[0], replace(e[1], body={"signal": 1.5}), e[2]],  # type: ignore[dict-item]
    "row missing": lambda e: [e[0], e[2]],
    "rows swapped": lambda e: [e[0], e[2], e[1]],
    "numbers swapped": lambda e: [e[0], replace(e[2], seq=2), replace(e[1], seq=3)],
    "body deleted": lambda e: [e[0], gone(e[1]), e[2]],
    "salt deleted": lambda e: [e[0], replace(e[1], salt=None), e[2]],
    "forbidden key, hashes right": lambda e: [e[0], forged(e[1], {"email": "a"})],
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_is_found_at_its_number(edit: Callable[[list[Entry]], list[Entry]]) -> None:
    with pytest.raises(ChainBroken) as caught:
        verified(edit(record(refusal(), refusal(), refusal())))
    assert caught.value.seq == 2


def test_an_erasure_accounts_for_as_many_bodies_as_it_says() -> None:
    one, two, three = record(refusal(), refusal(), Event(Kind.ERASURE, 20_001, {"n": 2}))
    verified([gone(one), gone(two), three])
    with pytest.raises(ChainBroken, match="1 bodies are gone, the record accounts for 2"):
        verified([gone(one), two, three])


def test_a_retention_accounts_only_for_days_up_to_its_cut_off() -> None:
    early, late, retention = record(
        refusal(20_000), refusal(20_010), Event(Kind.RETENTION, 20_011, {"n": 1, "until": "2024-10-05"})
    )
    verified([gone(early), late, retention])
    with pytest.raises(ChainBroken, match="up to 2024-10-05") as caught:
        verified([early, gone(late), retention])
    assert caught.value.seq == 3


@pytest.mark.parametrize(
    "event",
    [
        Event(Kind.ANCHOR, 1, {}),
        Event(Kind.ERASURE, 1, {"n": 1}),
        Event(Kind.RETENTION, 1, {"n": 1, "until": "2026-01-01"}),
        Event(Kind.CONFIG, 1, {"configuration": HASH, "catalogue": HASH, "templates": HASH}),
    ],
    ids=lambda event: event.kind,
)
def test_the_bodies_of_housekeeping_never_go(event: Event) -> None:
    (entry,) = record(event)
    with pytest.raises(ChainBroken, match="never goes"):
        verified([gone(entry)])
