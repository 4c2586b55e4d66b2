"""The list of erased numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gateway.ledger.erased import KEPT_DAYS, Erased, ErasedList, erased_path
from gateway.model.entry import GENESIS, Event, Kind, seal

CHAIN = b"c" * 32
ENTRY = seal(Event(Kind.RETENTION, 1, {"n": 1, "until": "2020-01-01"}), seq=9, prev=GENESIS, salt=bytes(32))


def listed(erased: ErasedList) -> Sequence[Erased]:
    return asyncio.run(erased.rows())


def test_there_is_no_list_before_something_is_erased(tmp_path: Path) -> None:
    erased = ErasedList(tmp_path / "ledger.sqlite", busy=0)
    assert listed(erased) == ()
    asyncio.run(erased.forget(1))
    assert list(tmp_path.iterdir()) == []


def test_it_tells_what_was_erased_and_which_entry_accounts_for_it(tmp_path: Path) -> None:
    erased = ErasedList(tmp_path / "ledger.sqlite", busy=0)
    asyncio.run(erased.note([(5, CHAIN)], ENTRY, 100))
    assert listed(erased) == [Erased(5, CHAIN, "retention", "2020-01-01", 9, ENTRY.commitment)]
    file = erased_path(tmp_path / "ledger.sqlite")
    assert file.name == "ledger-erased.sqlite"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_number_is_listed_once_with_its_latest_account(tmp_path: Path) -> None:
    erased = ErasedList(tmp_path / "ledger.sqlite", busy=0)
    later = seal(Event(Kind.ERASURE, 1, {"n": 1}), seq=12, prev=GENESIS, salt=bytes(32))
    asyncio.run(erased.note([(5, CHAIN)], ENTRY, 100))
    asyncio.run(erased.note([(5, CHAIN)], later, 100))
    assert listed(erased) == [Erased(5, CHAIN, "erasure", "", 12, later.commitment)]


def test_it_is_kept_as_long_as_a_backup_may_be(tmp_path: Path) -> None:
    erased = ErasedList(tmp_path / "ledger.sqlite", busy=0)
    asyncio.run(erased.note([(5, CHAIN)], ENTRY, 100))
    asyncio.run(erased.forget(100 + KEPT_DAYS))
    assert len(listed(erased)) == 1
    asyncio.run(erased.forget(100 + KEPT_DAYS + 1))
    assert listed(erased) == []
