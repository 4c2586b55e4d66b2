"""Entries to rows and back."""

from __future__ import annotations

import pytest

from gateway.errors import ChainBroken
from gateway.ledger.rows import body_of, body_row, chain_row, entry_of, kind_of
from gateway.model.entry import GENESIS, Kind, seal
from tests.ledger.events import choice, refusal, tag


def test_an_entry_comes_back_from_its_rows() -> None:
    entry = seal(choice(3), seq=1, prev=GENESIS, salt=b"s" * 32)
    seq, found, salt, body = body_row(entry)
    assert (seq, found, salt) == (1, tag(3), b"s" * 32)
    assert entry_of((*chain_row(entry), salt, body)) == entry


def test_a_refusal_has_no_tag() -> None:
    assert body_row(seal(refusal(), seq=1, prev=GENESIS, salt=bytes(32)))[1] is None


@pytest.mark.parametrize("text", ["{", "3", "[]", '{"a": 1}', '{"b":1,"a":1}', '{"a":null}'])
def test_a_text_that_is_no_body_in_canonical_form_is_a_broken_record(text: str) -> None:
    with pytest.raises(ChainBroken, match="entry 7: the body"):
        body_of(7, text)


def test_a_kind_that_does_not_exist_is_a_broken_record() -> None:
    assert kind_of(7, "grant") is Kind.GRANT
    with pytest.raises(ChainBroken, match="entry 7"):
        kind_of(7, "sale")
