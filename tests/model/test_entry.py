"""The event's closed schema, and the formulas fixed to literal values so that old records stay readable."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.entry import (
    CHOICES,
    GENESIS,
    LARGEST,
    Body,
    Event,
    Kind,
    canonical_json,
    chain_hash,
    choice_event,
    commitment,
    iso_day,
    read_event,
    seal,
    subject_tag,
    tag_check,
    tag_key,
)

HASH = "ab" * 32
TAG = bytes(range(16))
NOW = 1_795_000_000.5  # 2026-11-18T11:06:40Z


def choice(kind: Kind = Kind.GRANT, **changed: Any) -> Event:
    fields: dict[str, Any] = {
        "now": NOW,
        "subject_tag": None if kind is Kind.REFUSE else TAG,
        "choices": {"preferences": 0, "statistics": 1, "marketing": 0},
        "notice_rev": 3,
        "notice_sha256": HASH,
        "ui_sha256": HASH,
        "policy_rev": 1,
        "tenant": "/000489",
        "locale": "zh-Hant",
        "layout": "narrow",
        "surface": "banner",
        "signal": 0,
    }
    return choice_event(kind, **(fields | changed))


def test_a_grant_holds_exactly_the_listed_keys() -> None:
    assert set(choice().body) == {
        *("choices", "notice_rev", "notice_sha256", "ui_sha256", "policy_rev", "tenant"),
        *("locale", "layout", "surface", "signal", "subject_tag", "minute"),
    }


def test_a_refusal_holds_neither_tag_nor_minute() -> None:
    assert choice().body.keys() - choice(Kind.REFUSE).body.keys() == {"subject_tag", "minute"}


def test_two_refusals_of_one_day_are_the_same_event() -> None:
    assert choice(Kind.REFUSE) == choice(Kind.REFUSE, now=NOW + 3600)


def test_time_is_kept_to_the_minute_and_day() -> None:
    event = choice()
    assert (event.body["minute"], iso_day(event.day)) == ("2026-11-18T11:06Z", "2026-11-18")


@pytest.mark.parametrize("kind", sorted(CHOICES - {Kind.REFUSE}))
def test_every_other_choice_needs_the_tag(kind: Kind) -> None:
    with pytest.raises(ValueError, match="subject_tag"):
        choice(kind, subject_tag=None)


def test_a_refusal_with_a_tag_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="subject_tag"):
        choice(Kind.REFUSE, subject_tag=TAG)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("choices", {"preferences": 1, "statistics": 1}, id="a category missing"),
        pytest.param("choices", {"preferences": 1, "statistics": 1, "sale": 1}, id="another category"),
        pytest.param("choices", {"preferences": 2, "statistics": 1, "marketing": 0}, id="neither 0 nor 1"),
        pytest.param("notice_rev", 0, id="revision zero"),
        pytest.param("notice_rev", "3", id="revision as text"),
        pytest.param("notice_sha256", HASH.upper(), id="hash in capitals"),
        pytest.param("ui_sha256", HASH[:-1], id="short hash"),
        pytest.param("policy_rev", True, id="a truth value as number"),
        pytest.param("policy_rev", LARGEST + 1, id="beyond 53 bits"),
        pytest.param("tenant", 489, id="tenant as number"),
        pytest.param("locale", "English", id="no tag of a language"),
        pytest.param("layout", "Mozilla/5.0", id="user agent as layout"),
        pytest.param("surface", "popup", id="unknown surface"),
        pytest.param("signal", 2, id="signal 2"),
        pytest.param("subject_tag", b"short", id="short tag"),
    ],
)
def test_a_value_outside_its_closed_set_is_a_programming_error(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=key):
        choice(**{key: value})


def test_an_unknown_key_is_a_programming_error_and_its_value_is_not_told() -> None:
    with pytest.raises(ValueError, match="unknown email") as caught:
        Event(Kind.GRANT, 1, {**choice().body, "email": "wang@example.com"})
    assert "wang" not in str(caught.value)


def test_a_damaged_minute_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="minute"):
        Event(Kind.GRANT, 1, {**choice().body, "minute": "2026-11-18T11:06:40Z"})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.ERASURE, {"n": 2}),
        (Kind.RETENTION, {"n": 2, "until": "2026-01-01"}),
        (Kind.CONFIG, {"configuration": HASH, "catalogue": HASH, "templates": HASH}),
        (Kind.ANCHOR, {}),
        (Kind.READ, {"role": "officer", "what": "ledger export iso27560", "minute": "2026-11-18T11:06Z"}),
    ],
)
def test_housekeeping_has_bodies_of_its_own(kind: Kind, body: Body) -> None:
    assert Event(kind, 1, body).body == body


def test_an_erasure_tells_no_numbers_but_the_count() -> None:
    with pytest.raises(ValueError, match="seq"):
        Event(Kind.ERASURE, 1, {"n": 1, "seq": 5})


def test_a_read_holds_role_name_and_minute() -> None:
    event = read_event("shell", "ledger export jsonl", now=NOW)
    assert (event.kind, event.day) == (Kind.READ, int(NOW // 86_400))
    assert event.body == {"role": "shell", "what": "ledger export jsonl", "minute": "2026-11-18T11:06Z"}


@pytest.mark.parametrize("what", ["stats?q=wang@example.com", "Stats", "", "x" * 41, "stats\n"])
def test_a_read_names_no_address_of_a_request(what: str) -> None:
    with pytest.raises(ValueError, match="what"):
        read_event("officer", what, now=NOW)


def test_a_read_has_no_other_role() -> None:
    with pytest.raises(ValueError, match="role"):
        read_event("wang@example.com", "stats", now=NOW)


def test_canonical_json_is_sorted_tight_and_utf_8() -> None:
    assert canonical_json({"b": "市集", "a": {"d": 1, "c": -2}}) == '{"a":{"c":-2,"d":1},"b":"市集"}'.encode()


@pytest.mark.parametrize(
    "value",
    [None, True, 1.0, [1], b"x", {"a": None}, {1: 1}, LARGEST + 1],
    ids=["null", "bool", "float", "list", "bytes", "inner null", "number as key", "beyond 53 bits"],
)
def test_canonical_json_takes_nothing_but_integers_strings_and_objects(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json({"key": value})


bodies = st.recursive(
    st.integers(-LARGEST, LARGEST) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), bodies, max_size=4))
def test_canonical_json_reads_back_and_does_not_depend_on_the_order(body: dict[str, Any]) -> None:
    text = canonical_json(body)
    assert json.loads(text) == body
    assert text == json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical_json(dict(reversed(body.items()))) == text


def test_a_commitment_is_fixed_to_the_letter() -> None:
    salt = bytes(range(32))
    expected = hmac.new(salt, b'cg/v1/body\x00{"n":1}', hashlib.sha256).digest()
    assert commitment(salt, {"n": 1}) == expected
    assert expected.hex() == "35a3c2661f813ad5a11c9151fe35029c92222b0eeba019dea82ffce1eb092dd5"


def test_a_salt_always_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        commitment(bytes(31), {})


def test_the_chain_is_fixed_to_the_letter() -> None:
    message = b"cg/v1/chain\x00" + bytes(32) + b"\0\0\0\0\0\0\0\x01" + b"2026-11-18\x00grant\x00" + b"c" * 32
    assert chain_hash(GENESIS, 1, "2026-11-18", "grant", b"c" * 32) == hashlib.sha256(message).digest()


def test_a_sealed_entry_follows_from_its_event() -> None:
    event = choice()
    entry = seal(event, seq=7, prev=b"p" * 32, salt=b"s" * 32)
    assert entry.commitment == commitment(b"s" * 32, event.body)
    assert entry.head == chain_hash(b"p" * 32, 7, "2026-11-18", "grant", entry.commitment)
    assert (entry.seq, entry.prev, entry.salt, entry.body) == (7, b"p" * 32, b"s" * 32, event.body)


def test_the_tag_key_is_apart_from_the_secret_and_tags_are_apart_from_each_other() -> None:
    key = tag_key(b"k" * 32)
    assert key != b"k" * 32
    assert key != tag_key(b"l" * 32)
    assert subject_tag(key, "one") != subject_tag(key, "two")
    assert len(subject_tag(key, "one")) == 16
    assert subject_tag(key, "one") == hmac.new(key, b"one", hashlib.sha256).digest()[:16]


def test_a_key_is_known_by_a_value_that_is_no_tag_of_it() -> None:
    assert tag_check(b"k" * 32) == tag_check(b"k" * 32) != tag_check(b"l" * 32)
    assert len(tag_check(b"k" * 32)) == 32
