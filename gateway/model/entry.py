"""What the consent record holds: events, and the sealed entries they become.

One entry is a row of the chain (kept for ever, tells nothing about anybody) and a body with its salt
(evidence, can be deleted without breaking the chain). The formulas:

    C   = HMAC-SHA256(key = salt[32], "cg/v1/body" 00 || canonical_json(body))
    H_0 = 32 zero bytes
    H_n = SHA-256("cg/v1/chain" 00 || H_{n-1} || u64be(seq) || day || 00 || kind || 00 || C)
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from gateway.model.categories import OPTIONAL

Value: TypeAlias = "int | str | Mapping[str, Value]"
Body: TypeAlias = Mapping[str, Value]

SALT_SIZE = 32
GENESIS = bytes(32)
"""The head of an empty record, H_0."""

LARGEST = 2**53 - 1
"""Every JSON reader holds integers up to this one exactly."""


class Kind(StrEnum):
    """What happened. The first five are choices, the others are the record's own housekeeping."""

    GRANT = "grant"
    CHANGE = "change"
    WITHDRAW = "withdraw"
    REFUSE = "refuse"
    GPC = "gpc"
    ERASURE = "erasure"
    RETENTION = "retention"
    CONFIG = "config"
    ANCHOR = "anchor"
    READ = "read"


CHOICES = frozenset({Kind.GRANT, Kind.CHANGE, Kind.WITHDRAW, Kind.REFUSE, Kind.GPC})
"""Kinds that record a visitor's choice; only their bodies may ever be deleted."""

LAYOUTS = frozenset({"narrow", "wide", "plain"})
ROLES = frozenset({"marketing", "officer", "ops", "shell"})
"""Who may read: by the role of a token, or from a shell of the machine."""
SURFACES = frozenset({"banner", "settings", "nojs", "gpc", "embed"})

_SHOWN_KEYS = frozenset(
    (
        *("choices", "notice_rev", "notice_sha256", "ui_sha256", "policy_rev", "tenant"),
        *("locale", "layout", "surface", "signal"),
    )
)
_KEYS: dict[Kind, frozenset[str]] = {
    **dict.fromkeys(CHOICES, _SHOWN_KEYS | {"subject_tag", "minute"}),
    Kind.REFUSE: _SHOWN_KEYS,
    Kind.ERASURE: frozenset({"n"}),
    Kind.RETENTION: frozenset({"n", "until"}),
    Kind.CONFIG: frozenset({"configuration", "catalogue", "templates"}),
    Kind.ANCHOR: frozenset(),
    Kind.READ: frozenset({"role", "what", "minute"}),
}
_SORTED = msgspec.json.Encoder(order="sorted")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TAG = re.compile(r"[0-9a-f]{32}")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ")
_WHAT = re.compile(r"[a-z][a-z0-9 ./-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Event:
    """Something to record. Use `choice_event` for a visitor's choice.

    `day` is the UTC epoch day. `body` has exactly the keys its kind demands: another key, a missing one or
    a value outside its closed set is a programming error and raises ValueError, so nothing a visitor
    sends can slip into the record. `counters` are raised in the same transaction; the entry does not have them.
    `salt` is what it is sealed with (`SALT_SIZE` bytes), None: a fresh one; an event that has one is known by it.
    """

    kind: Kind
    day: int
    body: Body
    counters: tuple[tuple[str, str, str], ...] = field(default=(), compare=False)
    salt: bytes | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        fault = body_fault(self.kind, self.body)
        if fault:
            raise ValueError(fault)


@dataclass(frozen=True, slots=True)
class Entry:
    """A sealed event. `day` is the ISO date that was hashed; `salt` and `body` are None once deleted."""

    seq: int
    day: str
    kind: Kind
    commitment: bytes
    prev: bytes
    head: bytes
    salt: bytes | None
    body: Body | None


def choice_event(
    kind: Kind,
    *,
    now: float,
    subject_tag: bytes | None,
    choices: Mapping[str, int],
    notice_rev: int,
    notice_sha256: str,
    ui_sha256: str,
    policy_rev: int,
    tenant: str,
    locale: str,
    layout: str,
    surface: str,
    signal: int,
) -> Event:
    """A visitor's choice at `now` (seconds since the epoch).

    `choices` maps each of the three optional categories to 0 or 1; the hashes are lower-case hex;
    `signal` is 1 if GPC was on. A `refuse` takes no `subject_tag` and keeps no time but its day (R-120),
    the other kinds need the tag (16 bytes, see `subject_tag`).
    """
    body: dict[str, Value] = {
        "choices": {str(name): int(given) for name, given in choices.items()},
        "notice_rev": notice_rev,
        "notice_sha256": notice_sha256,
        "ui_sha256": ui_sha256,
        "policy_rev": policy_rev,
        "tenant": tenant,
        "locale": locale,
        "layout": layout,
        "surface": surface,
        "signal": int(signal),
    }
    if subject_tag is not None:
        body["subject_tag"] = subject_tag.hex()
    if kind is not Kind.REFUSE:
        body["minute"] = _minute(now)
    return Event(kind, int(now // 86400), body)


def read_event(role: str, what: str, *, now: float) -> Event:
    """Somebody of `role` (one of `ROLES`) is about to be shown `what` (R-167).

    `what` is the constant name of a command or an endpoint, such as `ledger export jsonl` or `stats.csv`, never
    anything of a request.
    """
    return Event(Kind.READ, int(now // 86400), {"role": str(role), "what": what, "minute": _minute(now)})


def iso_day(day: int) -> str:
    """The UTC date of an epoch day, as it is hashed and stored."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def tag_key(secret: bytes) -> bytes:
    """The key of subject tags, derived so that it is apart from every cookie key (RFC 5869, one block)."""
    extracted = hmac.digest(b"cg/v1/tag", secret, "sha256")
    return hmac.digest(extracted, b"subject_tag\x01", "sha256")


def subject_tag(key: bytes, id_: str) -> bytes:
    """Sixteen bytes by which the holder of a signed `id_`, and nobody else, finds their own events."""
    return hmac.digest(key, id_.encode(), "sha256")[:16]


def tag_check(key: bytes) -> str:
    """A value by which a record knows the key of its tags, and from which the key cannot be told."""
    return hmac.digest(key, b"cg/v1/check", "sha256")[:16].hex()


def canonical_json(body: Body) -> bytes:
    """The one byte form of `body`. Raises TypeError for all but integers, strings, objects of them."""
    _only_plain(body)
    return _SORTED.encode(body)


def commitment(salt: bytes, body: Body) -> bytes:
    """C: binds the chain to `body` and reveals nothing of it once the salt is gone."""
    if len(salt) != SALT_SIZE:
        raise ValueError(f"salt of {len(salt)} bytes: expected {SALT_SIZE}")
    return hmac.digest(salt, b"cg/v1/body\0" + canonical_json(body), "sha256")


def chain_hash(prev: bytes, seq: int, day: str, kind: str, c: bytes) -> bytes:
    """H_n. `day` is an ISO date; `seq` starts at 1."""
    head = b"cg/v1/chain\0" + prev + seq.to_bytes(8, "big")
    return hashlib.sha256(head + day.encode() + b"\0" + kind.encode() + b"\0" + c).digest()


def seal(event: Event, *, seq: int, prev: bytes, salt: bytes) -> Entry:
    """The entry `event` becomes at place `seq` after the head `prev`."""
    day = iso_day(event.day)
    c = commitment(salt, event.body)
    return Entry(seq, day, event.kind, c, prev, chain_hash(prev, seq, day, event.kind, c), salt, event.body)


def body_fault(kind: Kind, body: Body) -> str:
    """Why `body` cannot belong to an event of `kind`; empty if it can. Never holds a value of the body."""
    expected = _KEYS[kind]
    if body.keys() != expected:
        wrong = ", ".join(sorted(str(key) for key in body.keys() ^ expected))
        return f"{kind} event: missing or unknown {wrong}"
    for key in sorted(body):
        if not _VALID[key](body[key]):
            return f"{kind} event: {key} is not valid"
    return ""


def _minute(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _only_plain(value: object) -> None:
    if isinstance(value, str):
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if type(key) is not str:
                raise TypeError(f"key of type {type(key).__name__}: expected a string")
            if type(inner) is not str:
                _only_plain(inner)
    elif isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"value of type {type(value).__name__}: expected an integer, a string or an object")
    elif not -LARGEST <= value <= LARGEST:
        raise TypeError("integer beyond 53 bits")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 < value <= LARGEST


def _is_bit(value: object) -> bool:
    return type(value) is int and value in (0, 1)


def _are_choices(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == set(OPTIONAL) and all(map(_is_bit, value.values()))


class _Matches:
    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def __call__(self, value: object) -> bool:
        return isinstance(value, str) and self.pattern.fullmatch(value) is not None


_VALID: dict[str, Callable[[Any], bool]] = {
    "choices": _are_choices,
    "subject_tag": _Matches(_TAG),
    "minute": _Matches(_MINUTE),
    "notice_rev": _is_count,
    "notice_sha256": _Matches(_SHA256),
    "ui_sha256": _Matches(_SHA256),
    "policy_rev": _is_count,
    "tenant": _is_text,
    "locale": _Matches(_LANGUAGE),
    "layout": LAYOUTS.__contains__,
    "surface": SURFACES.__contains__,
    "signal": _is_bit,
    "role": ROLES.__contains__,
    "what": _Matches(_WHAT),
    "n": _is_count,
    "until": _Matches(_DAY),
    "configuration": _Matches(_SHA256),
    "catalogue": _Matches(_SHA256),
    "templates": _Matches(_SHA256),
}
