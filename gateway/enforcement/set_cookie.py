"""One `Set-Cookie` line read as a browser reads it (RFC 6265 5.2), and the line that undoes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

_DELETING_AGE: Final = re.compile(rb"-\d+|0+")
_DATE: Final = re.compile(rb"[A-Za-z]{3,9}, \d{2}[ -][A-Za-z]{3}[ -]\d{2}(?:\d{2})? \d{2}:\d{2}:\d{2} GMT")
_DOMAIN: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.ASCII)
_PATH: Final = re.compile(r"/[!-:<-~]{0,199}", re.ASCII)
_TOO_LONG: Final = 201
_TOKEN: Final = re.compile(rb"[!-:<>-~]{1,200}")
_CLOCKS_DIFFER: Final = 86_400
_SECURE: Final = frozenset({"https", "wss"})


@dataclass(frozen=True, slots=True)
class Variant:
    """Where a cookie of some name lives: a Domain ("" for the host alone), a Path, a partition or none."""

    domain: str
    path: str
    partitioned: bool = False


@dataclass(frozen=True, slots=True)
class SetCookie:
    """What matters of one line. `variant` is None if its Domain or Path is nothing to send back."""

    variant: Variant | None
    ages: tuple[bytes, ...]
    dates: tuple[bytes, ...]

    def deletes(self, now: float) -> bool:
        """Whether every browser takes this line as a deletion; whatever is doubtful is none.

        Max-Age goes before Expires; a date counts only in its plain form and a day past.
        """
        if self.ages:
            return all(_DELETING_AGE.fullmatch(age) for age in self.ages)
        return bool(self.dates) and all(_is_past(date, now) for date in self.dates)


def parse_set_cookie(value: bytes, request_path: str) -> SetCookie:
    """Reads the attributes of `value`; without a Path the request's own directory is it (5.1.4)."""
    # The visitor names the path, so only as much of it is remembered as tells that it is too long (`_PATH`).
    return _of_attributes(value.partition(b";")[2], _directory(request_path)[:_TOO_LONG])


@lru_cache(maxsize=512)
def _of_attributes(attributes: bytes, directory: str) -> SetCookie:
    parts = [part.partition(b"=") for part in attributes.split(b";")]
    named = [(name.strip(b" \t").lower(), text.strip(b" \t")) for name, _, text in parts]
    domain = next((text for name, text in reversed(named) if name == b"domain"), b"")
    path = next((text for name, text in reversed(named) if name == b"path"), b"").decode("latin-1")
    variant = Variant(
        domain.decode("latin-1").lower().removeprefix("."),
        path if path.startswith("/") else directory,
        any(name == b"partitioned" for name, _ in named),
    )
    return SetCookie(
        variant if _is_plain(variant) else None,
        tuple(text for name, text in named if name == b"max-age"),
        tuple(text for name, text in named if name == b"expires"),
    )


def expiry(name: bytes, variant: Variant, host: str, scheme: str) -> bytes:
    """The line that removes cookie `name` as `variant` from a browser at `host`; empty if none can.

    A cookie is found by name, Domain, Path and partition, so those are exact. Over TLS `Secure` is always
    there, as twins with it could not be removed without; prefixed names keep their rules (6265bis 4.1.3).
    """
    lower, secure = name.lower(), scheme in _SECURE
    prefixed = lower.startswith((b"__secure-", b"__host-", b"__http-"))
    bound = lower.startswith(b"__host-") and (variant.domain or variant.path != "/")
    foreign = variant.domain and not _covers(variant.domain, host)
    needs_tls = prefixed or variant.partitioned
    if bound or foreign or (needs_tls and not secure) or not _TOKEN.fullmatch(name):
        return b""
    parts = ["", "Max-Age=0", f"Path={variant.path}"]
    parts += [f"Domain={variant.domain}"] * bool(variant.domain)
    parts += ["Secure"] * secure
    parts += ["HttpOnly"] * lower.startswith((b"__http-", b"__host-http-"))
    parts += ["Partitioned"] * variant.partitioned
    return name + b"=" + "; ".join(parts).encode()


def _covers(domain: str, host: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _directory(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _is_plain(variant: Variant) -> bool:
    domain = not variant.domain or _DOMAIN.fullmatch(variant.domain)
    return bool(domain and _PATH.fullmatch(variant.path))


def _is_past(date: bytes, now: float) -> bool:
    if not _DATE.fullmatch(date):
        return False
    try:
        parsed = parsedate_to_datetime(date.decode("ascii"))
    except ValueError:
        return False
    return parsed < datetime.fromtimestamp(now - _CLOCKS_DIFFER, UTC)
