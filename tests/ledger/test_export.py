"""The record as a stream: whole, joined with its notices, broken off where it is broken, in constant memory."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tracemalloc
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ChainBroken, LedgerUnavailable
from gateway.ledger.export import CHUNK, Export, Format, tally
from gateway.ledger.sqlite import SqliteLedger
from gateway.model.disclosure import Disclosure
from gateway.model.entry import Event, Kind
from tests.ledger.events import tag as tag_of
from tests.ledger.record import NOTICE, choice, entries, erase, events, filled, given, recomputed
from tests.ledger.schemas import ISO27560, KANTARA, validate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "ledger.sqlite"
    filled(place)
    return place


def exported(export: Export) -> list[bytes]:
    async def work() -> bytes:
        return b"".join([piece async for piece in export.pieces()])

    return asyncio.run(work()).splitlines(keepends=True)


def of(path: Path, format: Format = Format.JSONL, **more: Any) -> Export:
    return Export(SqliteLedger(path), format, **more)


def documents(lines: Iterable[bytes]) -> list[Any]:
    return [json.loads(line) for line in lines]


def test_a_third_party_recomputes_the_chain_from_the_file_alone(path: Path) -> None:
    export = of(path)
    lines = exported(export)
    assert recomputed(lines) == (7, entries(path)[-1].head.hex(), 0)
    assert (export.entries, export.written, export.deleted) == (7, 7, 0)


def test_each_text_is_there_once_before_it_is_named(path: Path) -> None:
    kinds = [line["line"] for line in documents(exported(of(path)))]
    assert kinds == ["header", "text", "text", *["entry"] * 7, "end"]


def test_deleted_bodies_are_rows_of_the_chain_alone(path: Path) -> None:
    erase(path, 1, 4, 5)
    export = of(path)
    assert recomputed(exported(export)) == (8, entries(path)[-1].head.hex(), 3)
    assert export.deleted == 3


def test_consent_records_read_back_by_a_validator_are_those_of_the_choices_that_name_somebody(path: Path) -> None:
    export = of(path, Format.ISO27560)
    made = documents(exported(export))
    for document in made:
        validate(ISO27560, document)
    assert [document["proof"]["seq"] for document in made] == [1, 3, 4, 5, 6]
    assert (export.written, export.anonymous) == (5, 1)
    principals = [document["header"]["pii_principal_id"][-1] for document in made]
    assert principals == ["1", "3", "1", "1", "3"]


def test_receipts_read_back_by_a_validator_say_what_the_archived_notice_said(path: Path) -> None:
    changed = Disclosure(rev=1, locale="en", purposes=())
    made = documents(exported(of(path, Format.KANTARA, in_force=lambda locale: changed)))
    for document in made:
        validate(KANTARA, document)
        assert document["proof"]["notice"] == "archive"
    assert [[p["purpose"] for s in document["services"] for p in s["purposes"]] for document in made] == [
        ["Which pages are used", "Advertisements"], ["Advertisements"], ["Which pages are used"], [], [],
    ]  # fmt: skip


@pytest.mark.parametrize(("rev", "known", "name"), [(1, "configuration", "Hill Ltd"), (2, "unknown", "not stated")])
def test_without_the_archive_only_the_revision_in_force_is_known(
    tmp_path: Path, rev: int, known: str, name: str
) -> None:
    path = tmp_path / "other.sqlite"
    filled(path, [choice(Kind.GRANT, 1, notice_sha256="ab" * 32, notice_rev=rev, choices=given("marketing"))])
    (made,) = documents(exported(of(path, Format.KANTARA, in_force=lambda locale: NOTICE)))
    validate(KANTARA, made)
    assert (made["proof"]["notice"], made["piiControllers"][0]["piiController"]) == (known, name)


@pytest.mark.parametrize("format", list(Format))
def test_nothing_deleted_is_in_any_format(path: Path, format: Format) -> None:
    tag = entries(path)[2].body["subject_tag"]  # type: ignore[index]
    assert str(tag).encode() in b"".join(exported(of(path, format)))
    erase(path, 3, 6)
    assert str(tag).encode() not in b"".join(exported(of(path, format)))


@pytest.mark.parametrize("format", list(Format))
def test_a_broken_record_breaks_off_where_it_is_broken(path: Path, format: Format) -> None:
    with closing(sqlite3.connect(path)) as chain:
        chain.execute("UPDATE chain SET day = '2020-01-01' WHERE seq = 4")
        chain.commit()
    with pytest.raises(ChainBroken) as caught:
        exported(of(path, format))
    assert caught.value.seq == 4


def test_reading_is_announced_before_anything_is_read(tmp_path: Path) -> None:
    said: list[str] = []

    async def announce() -> None:
        said.append("read")

    with pytest.raises(LedgerUnavailable):
        exported(of(tmp_path / "absent.sqlite", announce=announce))
    assert said == ["read"]


def test_the_tally_has_revisions_and_numbers_but_no_identities(path: Path) -> None:
    erase(path, 1)
    rows = asyncio.run(tally(SqliteLedger(path)))
    assert rows == [
        {
            "notice_rev": None,
            "first_day": "2026-11-18",
            "last_day": "2026-11-20",
            "entries": 3,
            "kinds": {"anchor": 1, "deleted": 1, "erasure": 1},
        },
        {
            "notice_rev": 1,
            "first_day": "2026-11-18",
            "last_day": "2026-11-18",
            "entries": 5,
            "kinds": {"change": 1, "gpc": 1, "grant": 1, "refuse": 1, "withdraw": 1},
        },
    ]


def peak(path: Path, format: Format) -> tuple[int, int]:
    """Highest traced memory of an export, and how much was exported."""

    async def work() -> int:
        return sum([len(piece) async for piece in of(path, format).pieces()])

    tracemalloc.start()
    size = asyncio.run(work())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most, size


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A record, and one four times as long."""
    folder = tmp_path_factory.mktemp("two")
    small, large = folder / "small.sqlite", folder / "large.sqlite"
    filled(small, events()[:1] * 1_000)
    filled(large, events()[:1] * 4_000)
    return small, large


@pytest.mark.parametrize("format", [Format.JSONL, Format.KANTARA])
def test_memory_does_not_grow_with_the_record(two: tuple[Path, Path], format: Format) -> None:
    (few, little), (many, much) = (peak(path, format) for path in two)
    assert much > 3.5 * little > 3.5 * CHUNK
    assert many < 1.5 * few


def test_a_sealed_anchor_alone_is_a_record(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    filled(path, [Event(Kind.ANCHOR, 1, {})])
    assert recomputed(exported(of(path)))[0] == 1


@pytest.mark.parametrize("format", [Format.ISO27560, Format.KANTARA])
def test_whose_erasure_was_asked_for_has_no_receipt_though_the_bodies_are_still_there(
    path: Path, format: Format
) -> None:
    async def ask() -> None:
        ledger = SqliteLedger(path)
        await ledger.open()
        await ledger.erase(tag_of(1))
        await ledger.close()

    asyncio.run(ask())
    export = of(path, format)
    assert [document["proof"]["seq"] for document in documents(exported(export))] == [3, 6]
    assert (export.written, export.withheld) == (2, 3)
