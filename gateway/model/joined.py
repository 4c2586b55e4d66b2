"""An entry joined with what its notice said: what both kinds of receipt are made from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.model.categories import OPTIONAL, Category
from gateway.model.disclosure import Disclosure
from gateway.model.entry import CHOICES, Body, Entry, Kind

NOT_STATED = "not stated"
"""Stands where a format demands a text and the notice gave none: a gap is shown, never filled."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:consent-gateway:entry")
_KEPT = ("notice_rev", "notice_sha256", "ui_sha256", "policy_rev", "tenant", "layout", "surface", "signal")


class Known(StrEnum):
    """How it is known what the notice said."""

    ARCHIVE = "archive"
    CONFIGURATION = "configuration"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Joined:
    """A choice that somebody can be asked about: neither deleted nor a refusal, which holds no identifier."""

    entry: Entry
    body: Mapping[str, Any]
    disclosure: Disclosure
    known: Known

    @classmethod
    def of(cls, entry: Entry, disclosure: Disclosure, known: Known) -> Joined | None:
        """None for an entry that no receipt can be made of."""
        if not is_receiptable(entry) or entry.body is None:
            return None
        return cls(entry, entry.body, disclosure, known)

    @property
    def id(self) -> str:
        """The same UUID for the same entry, whenever it is exported."""
        return str(uuid.uuid5(_NAMESPACE, self.entry.head.hex()))

    @property
    def tag(self) -> str:
        """The subject's pseudonym."""
        return str(self.body["subject_tag"])

    @property
    def minute(self) -> datetime:
        """When it was, in UTC."""
        return datetime.fromisoformat(str(self.body["minute"]).replace("Z", "+00:00"))

    @property
    def withdraws(self) -> bool:
        """Whether grants were taken away and none given."""
        return self.entry.kind in (Kind.WITHDRAW, Kind.GPC)

    def granted(self, category: Category) -> bool:
        """Whether the category is granted after this entry."""
        return bool(self.body["choices"][category.value])

    @property
    def categories(self) -> tuple[Category, ...]:
        """The categories there was something to decide about, in their fixed order."""
        offered = {purpose.category for purpose in self.disclosure.purposes}
        return tuple(name for name in OPTIONAL if name in offered or not offered or self.granted(name))

    @property
    def proof(self) -> dict[str, object]:
        """Where the entry is in the record, in what it was made, and whence the notice is known. Our own addition."""
        entry = self.entry
        place = {"seq": entry.seq, "head": entry.head.hex(), "kind": entry.kind.value}
        return {**place, **{key: self.body[key] for key in _KEPT}, "notice": self.known.value}


def is_receiptable(entry: Entry) -> bool:
    """Whether `entry` is a choice with a body that names a subject."""
    return entry.kind in CHOICES and _tagged(entry.body)


def _tagged(body: Body | None) -> bool:
    return body is not None and "subject_tag" in body


def stated(text: str) -> str:
    """`text`, or that there is none."""
    return text or NOT_STATED
