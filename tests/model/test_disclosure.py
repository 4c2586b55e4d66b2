"""What a notice said survives its archiving, byte for byte."""

from __future__ import annotations

import json

import pytest

from gateway.model.categories import Category
from gateway.model.disclosure import Disclosure, Purpose, Recipient, archived, read
from tests.ledger.record import NOTICE


def test_what_is_archived_is_read_back() -> None:
    assert read(archived(NOTICE)) == NOTICE


def test_the_archived_form_is_canonical_json_and_says_what_it_is() -> None:
    text = archived(NOTICE)
    found = json.loads(text)
    assert found["format"] == "cg/notice/v1"
    assert json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == text


def test_the_form_is_fixed_so_that_old_notices_stay_readable() -> None:
    disclosure = Disclosure(rev=2, locale="zh-Hant", purposes=(Purpose(category=Category.MARKETING, name="行銷"),))
    assert archived(disclosure).decode() == (
        '{"controller":{"address":"","contact":"","country":"","email":"","name":"","phone":"","url":""},"date":"",'
        '"format":"cg/notice/v1","grant_days":0,"jurisdiction":"","locale":"zh-Hant","purposes":[{"basis":"",'
        '"category":"marketing","codes":[],"data":[],"method":"","name":"行銷","period":"","purpose":"","recipients":[],'
        '"refusing":"","regions":[]}],"rev":2,"rights":[],"url":"","withdrawal":""}'
    )


@pytest.mark.parametrize("text", [b"", b"<h1>Notice</h1>", b"{}", b'{"format":"other"}', b"\xff"])
def test_another_text_is_no_disclosure(text: bytes) -> None:
    assert read(text) is None


def test_a_yes_to_a_category_speaks_of_no_separate_recipient() -> None:
    chat, counter = Recipient(id="chat", name="Chat", separate=True), Recipient(id="counter", name="Counter")
    purpose = Purpose(category=Category.PREFERENCES, name="Preferences", recipients=(chat, counter))
    assert purpose.covered == (counter,)


def test_a_category_it_does_not_mention_has_only_its_name() -> None:
    assert NOTICE.purpose(Category.STATISTICS).data == ("pages visited",)
    assert NOTICE.purpose(Category.PREFERENCES) == Purpose(category=Category.PREFERENCES, name="preferences")
