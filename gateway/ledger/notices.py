"""The notices that were in force, kept in the record: by their hash, and the hash by revision and language."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from gateway.ledger.base import Ledger


class NoticeArchive:
    """The revisions of one shop's notice. `texts` is the one in force, canonical bytes by language; `services` are the
    ids of those it names, None where it names none because it is a trial.

    Of each revision the first text counts: it is what `old` gives. A later text under the same number is archived as
    well, for the events that name its hash, and `changed` tells of it. Every method raises LedgerUnavailable.
    """

    def __init__(
        self, ledger: Ledger, tenant: str, rev: int, texts: Mapping[str, bytes], services: Collection[str] | None = None
    ) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._rev = rev
        self._texts = texts
        self._services = services

    async def keep(self) -> None:
        """Archives what is in force; what is there already stays."""
        for locale, text in self._texts.items():
            await self._ledger.remember(self._name(self._rev, locale), await self._ledger.archive(text))
        if self._services is not None:
            await self._ledger.remember(self._list(self._rev), " ".join(sorted(self._services)))

    async def changed(self) -> bool:
        """Whether what is in force differs from what was first shown under its number. Writes nothing."""
        for locale, text in self._texts.items():
            kept = await self._ledger.recall(self._name(self._rev, locale))
            if kept not in (None, hashlib.sha256(text).hexdigest()):
                return True
        return False

    async def named(self, revisions: Iterable[int]) -> dict[int, frozenset[str]]:
        """The ids of the services that each of `revisions` first named, and the one in force; those not kept miss."""
        lists = {rev: await self._ledger.recall(self._list(rev)) for rev in {*revisions, self._rev}}
        return {rev: frozenset(ids.split()) for rev, ids in lists.items() if ids is not None}

    async def old(self, rev: int, locale: str) -> bytes | None:
        """The text first shown under `rev`; None if it was not kept."""
        kept = await self._ledger.recall(self._name(rev, locale))
        return None if kept is None else await self._ledger.text(kept)

    def _name(self, rev: int, locale: str) -> str:
        return f"notice/{self._tenant}/{rev}/{locale}"

    def _list(self, rev: int) -> str:
        return f"services/{self._tenant}/{rev}"
