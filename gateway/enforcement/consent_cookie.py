"""The signed cookie that holds a choice: `1.r.<day>.p<rev>` and `1.g.<day>.p<rev>.<flags>.<id>`.

A refusal ends in the letters of the refused categories unless all are; flags are the letters of the
granted ones and `g`. A category whose refusal has another day than `<day>` is written with that day
(`m20780`), and after a grant one that was not decided with its letter alone. The signature is
HMAC-SHA-256 with a derived key, its salt bound to purpose and tenant; no timestamp beyond the day.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Final

from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from gateway.model.categories import OPTIONAL
from gateway.model.choice import Choice, make_choice
from gateway.types import RawHeaders

SHORTEST_KEY: Final = 32
_LONGEST_VALUE: Final = 160
_MOST_COPIES: Final = 8
_DAY_SECONDS: Final = 86_400
_SECURE: Final = frozenset({"https", "wss"})

_LETTERS: Final = {category: category.value[0] for category in OPTIONAL}
_CATEGORIES: Final = {letter: category for category, letter in _LETTERS.items()}
_NUMBER: Final = r"0|[1-9]\d{0,5}"
_PAYLOAD: Final = re.compile(
    rf"1\.(?:r|(?P<grant>g))\.(?P<day>{_NUMBER})\.p(?P<rev>{_NUMBER})"
    rf"(?(grant)\.(?P<flags>p?s?m?g?)\.(?P<id>[\w-]{{22}}))"
    rf"(?:\.(?P<rest>(?:[psm](?:{_NUMBER})?)+))?",
    re.ASCII,
)
_REST: Final = re.compile(r"([psm])(\d*)", re.ASCII)


class ConsentCookie:
    """Writes and reads the choice cookie of one tenant.

    `keys` are listed oldest first: the last one signs, all of them verify. Raises ValueError for a key
    under 32 bytes. `path` is the tenant's; lifetimes are days, as in `Rules`.
    """

    def __init__(
        self,
        keys: Sequence[bytes],
        tenant: str = "",
        path: str = "/",
        *,
        grant_days: int = 185,
        refusal_days: int = 366,
    ) -> None:
        if not keys or min(map(len, keys)) < SHORTEST_KEY:
            raise ValueError(f"signing keys: expected at least one, each of at least {SHORTEST_KEY} bytes")
        self._signer = Signer(
            list(keys),
            salt=b"consent-gateway/choice/1\0" + tenant.encode(),
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )
        self._path = path
        self._grant_days = grant_days
        self._refusal_days = refusal_days

    def name(self, scheme: str) -> str:
        """The cookie's name on a connection of `scheme`."""
        return "__Secure-consent" if scheme in _SECURE else "consent"

    def new_id(self) -> str:
        """128 random bits in 22 characters, for a choice that grants something."""
        return secrets.token_urlsafe(16)

    def dump(self, choice: Choice) -> str:
        """The signed value of a choice in its normal form (`make_choice`)."""
        return self._signer.sign(_payload(choice)).decode()

    def load(self, value: str) -> Choice | None:
        """The choice in `value`; None for whatever `dump` of this tenant did not write."""
        if len(value) > _LONGEST_VALUE:
            return None
        try:
            payload = self._signer.unsign(value.encode()).decode()
        except (BadSignature, UnicodeEncodeError, UnicodeDecodeError):
            return None
        choice = _parse(payload)
        canonical = choice is not None and _payload(choice) == payload and _canonical_signature(value)
        return choice if canonical else None

    def copies(self, headers: RawHeaders, scheme: str) -> tuple[bytes, ...]:
        """The different values of this cookie in the `Cookie` lines, unverified, in order."""
        name = self.name(scheme).encode()
        found: dict[bytes, None] = {}
        for key, line in headers:
            if key == b"cookie" and name in line:
                pairs = (pair.partition(b"=") for pair in line.split(b";"))
                found.update((value.strip(b" \t"), None) for k, _, value in pairs if k.strip(b" \t") == name)
        return tuple(found)

    def combine(
        self, copies: Iterable[bytes], usable: Callable[[Choice], bool] = lambda choice: True
    ) -> Choice | None:
        """The choice in the copies that verify and are `usable`; where these differ the stricter by category.

        More copies than any browser sends by accident are no choice.
        """
        values = list(copies)
        if len(values) > _MOST_COPIES:
            return None
        loaded = (self.load(value.decode("latin-1")) for value in values)
        valid = [choice for choice in loaded if choice is not None and usable(choice)]
        return reduce(Choice.stricter, valid) if valid else None

    def read(self, headers: RawHeaders, scheme: str) -> Choice | None:
        """The verified choice of a request. Whether it still counts is for `decide` to say."""
        return self.combine(self.copies(headers, scheme))

    def set_cookie(self, choice: Choice, scheme: str, today: int) -> bytes:
        """The value of `Set-Cookie` on the day `today`; an empty choice takes the cookie away."""
        value = "" if choice.empty else self.dump(choice)
        secure = "; Secure" if scheme in _SECURE else ""
        age = 0 if choice.empty else self._max_age(choice, today)
        line = (
            f"{self.name(scheme)}={value}; Max-Age={age}; Path={self._path}; HttpOnly; SameSite=Lax{secure}"
        )
        return line.encode()

    def _max_age(self, choice: Choice, today: int) -> int:
        """Seconds for which some part of the choice can still count, in whole days from `today`."""
        ends = [day + self._refusal_days for day in choice.refusals().values()]
        if choice.granted:
            ends.append(choice.day + self._grant_days)
        return max(0, max(ends) + 1 - today) * _DAY_SECONDS


def _payload(choice: Choice) -> str:
    refusals = choice.refusals()
    if not choice.granted:
        dated = [f"{_LETTERS[c]}{'' if day == choice.day else day}" for c, day in refusals.items()]
        partial = f".{''.join(dated)}" if len(refusals) < len(OPTIONAL) or choice.later else ""
        return f"1.r.{choice.day}.p{choice.rev}{partial}"
    flags = "".join(_LETTERS[c] for c in OPTIONAL if c in choice.granted) + "g" * choice.override
    rest = "".join(
        f"{_LETTERS[c]}{refusals.get(c, '')}"
        for c in OPTIONAL
        if c not in choice.granted and refusals.get(c) != choice.day
    )
    return f"1.g.{choice.day}.p{choice.rev}.{flags}.{choice.id}{'.' if rest else ''}{rest}"


def _parse(payload: str) -> Choice | None:
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        return None
    day, rev = int(match["day"]), int(match["rev"])
    rest = {_CATEGORIES[letter]: number for letter, number in _REST.findall(match["rest"] or "")}
    if not match["grant"]:
        refusals = {c: int(number or day) for c, number in rest.items()} or dict.fromkeys(OPTIONAL, day)
        return make_choice(frozenset(), refusals, day, rev)
    granted = frozenset(_CATEGORIES[letter] for letter in match["flags"] if letter != "g")
    refusals = {c: int(rest.get(c) or day) for c in OPTIONAL if c not in granted and rest.get(c) != ""}
    return make_choice(granted, refusals, day, rev, override="g" in match["flags"], id=match["id"])


def _canonical_signature(value: str) -> bool:
    """base64 lets the last character vary without changing the bytes: only one spelling is ours."""
    signature = value.rpartition(".")[2].encode()
    return base64_encode(base64_decode(signature)) == signature
