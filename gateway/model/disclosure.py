"""What a notice said, as data: the form in which a revision is archived, and from which receipts are made.

`archived` gives the canonical bytes: JSON in UTF-8 with sorted keys and no spaces, one for each language of a
revision; their SHA-256 is an entry's `notice_sha256`. So the receipt of an old entry says what that notice said, not
what today's says. A field that the notice left open is empty; nothing is ever filled in afterwards.
"""

from __future__ import annotations

import msgspec

from gateway.model.categories import Category


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for the shop, as the notice names them. `country` is an ISO 3166-1 code."""

    name: str = ""
    contact: str = ""
    address: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """A third party that is told something: where it handles data, why it is used, what a no to it breaks.

    `separate` ones are told nothing because of a category: they open by their own click alone (R-12).
    """

    id: str
    name: str
    vendor: str = ""
    role: str = ""
    regions: tuple[str, ...] = ()
    policy_url: str = ""
    why: str = ""
    breaks: str = ""
    separate: bool = False


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """One optional category, with the items that PDPA Art. 8 wants told (R-97).

    `codes` are those of the declared purposes, `basis` the ground in PDPA Art. 19(1), `data` the kinds of data,
    `period` how long (an ISO 8601 duration where it is one), `regions` and `method` where and how they are used,
    `refusing` what a no means.
    """

    category: Category
    name: str
    purpose: str = ""
    codes: tuple[str, ...] = ()
    basis: str = ""
    data: tuple[str, ...] = ()
    period: str = ""
    regions: tuple[str, ...] = ()
    method: str = ""
    refusing: str = ""
    recipients: tuple[Recipient, ...] = ()

    @property
    def covered(self) -> tuple[Recipient, ...]:
        """The recipients that a yes to the category speaks of."""
        return tuple(recipient for recipient in self.recipients if not recipient.separate)


class Disclosure(msgspec.Struct, frozen=True, kw_only=True, tag_field="format", tag="cg/notice/v1"):
    """One revision of the notice in one language. `date` is ISO, "" if none was given.

    `url` and `withdrawal` are the pages with the notice and to withdraw, relative to the shop; `grant_days` is how long
    a yes holds, 0 if that is not known.
    """

    rev: int
    locale: str
    date: str = ""
    controller: Party = Party()
    jurisdiction: str = ""
    purposes: tuple[Purpose, ...] = ()
    rights: tuple[str, ...] = ()
    url: str = ""
    withdrawal: str = ""
    grant_days: int = 0

    def purpose(self, category: Category) -> Purpose:
        """What it says of `category`; only its name if it says nothing."""
        found = (purpose for purpose in self.purposes if purpose.category is category)
        return next(found, Purpose(category=category, name=category.value))


def archived(disclosure: Disclosure) -> bytes:
    """The bytes to be archived; equal disclosures have equal bytes."""
    return msgspec.json.encode(disclosure, order="sorted")


def read(text: bytes) -> Disclosure | None:
    """What `archived` was given; None for a text of another kind."""
    try:
        return msgspec.json.decode(text, type=Disclosure)
    except ValueError:
        return None
