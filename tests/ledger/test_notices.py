"""Old notices stay in the record, and one that changed without a new number is noticed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import LedgerUnavailable
from gateway.ledger.notices import NoticeArchive
from gateway.ledger.sqlite import SqliteLedger

FIRST = {"en": b"first \xe2\x80\x94 edition\r\n", "zh-Hant": "第一版".encode()}


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "ledger.sqlite")


async def shown(ledger: SqliteLedger, rev: int, texts: dict[str, bytes], tenant: str = "") -> NoticeArchive:
    archive = NoticeArchive(ledger, tenant, rev, texts)
    await archive.keep()
    return archive


def test_every_revision_is_given_back_byte_for_byte(ledger: SqliteLedger) -> None:
    async def work() -> None:
        await ledger.open()
        await shown(ledger, 1, FIRST)
        archive = await shown(ledger, 2, {"en": b"second", "zh-Hant": "第二版".encode()})
        assert {locale: await archive.old(1, locale) for locale in FIRST} == FIRST
        assert await archive.old(2, "en") == b"second"
        assert await archive.old(3, "en") is None
        assert not await archive.changed()
        await ledger.close()

    asyncio.run(work())


@pytest.mark.parametrize("locale", FIRST)
def test_a_text_changed_under_its_number_is_noticed_and_does_not_replace_the_first(
    ledger: SqliteLedger, locale: str
) -> None:
    async def work() -> None:
        await ledger.open()
        await shown(ledger, 1, FIRST)
        archive = await shown(ledger, 1, FIRST | {locale: b"silently other"})
        assert await archive.changed()
        assert await archive.old(1, locale) == FIRST[locale]
        assert not await (await shown(ledger, 1, FIRST)).changed()
        await ledger.close()

    asyncio.run(work())


def test_shops_in_one_record_have_their_own_revisions(ledger: SqliteLedger) -> None:
    async def work() -> None:
        await ledger.open()
        await shown(ledger, 1, FIRST, "000489")
        assert await NoticeArchive(ledger, "000490", 1, FIRST).old(1, "en") is None
        await ledger.close()

    asyncio.run(work())


def test_asking_creates_nothing(ledger: SqliteLedger, tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable):
        asyncio.run(NoticeArchive(ledger, "", 1, FIRST).changed())
    assert list(tmp_path.iterdir()) == []


def test_the_services_a_revision_first_named_are_kept(ledger: SqliteLedger) -> None:
    async def work() -> None:
        await ledger.open()
        for rev, services in ((1, None), (2, ["b", "a"]), (2, ["a", "b", "c"]), (3, [])):
            await NoticeArchive(ledger, "", rev, FIRST, services).keep()
        archive = NoticeArchive(ledger, "", 3, FIRST, ["d"])
        assert await archive.named([1, 2]) == {2: {"a", "b"}, 3: set()}
        assert await NoticeArchive(ledger, "000490", 2, FIRST).named([3]) == {}
        await ledger.close()

    asyncio.run(work())
