"""The check of a stream of entries, without a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from gateway.errors import ChainBroken
from gateway.ledger.sealing import sealed
from gateway.ledger.verifying import verified
from gateway.model.entry import GENESIS, Entry
from tests.ledger.events import choice

ENTRIES = sealed([choice(number) for number in range(1001)], 0, GENESIS)


async def stream(entries: list[Entry]) -> AsyncGenerator[Entry, None]:
    for entry in entries:
        yield entry


def test_it_tells_the_head_and_how_far_it_is() -> None:
    told: list[int] = []
    assert asyncio.run(verified(stream(ENTRIES), None, told.append)) == (1001, ENTRIES[-1].head)
    assert told == [500, 1000, 1001]


def test_an_anchor_has_to_be_met_on_the_way() -> None:
    assert asyncio.run(verified(stream(ENTRIES), ENTRIES[3].head))[0] == 1001
    with pytest.raises(ChainBroken, match="anchored head"):
        asyncio.run(verified(stream(ENTRIES[:3]), ENTRIES[3].head))


def test_a_missing_entry_is_named() -> None:
    with pytest.raises(ChainBroken) as caught:
        asyncio.run(verified(stream([*ENTRIES[:4], *ENTRIES[5:]])))
    assert caught.value.seq == 5
