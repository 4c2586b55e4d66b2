"""The shop's own Content-Security-Policy: it stays, but for who hears its reports and where our banner lives.

Source: Content Security Policy Level 3 (W3C), 2.2.2 (parsing), 6.8.3 (fallbacks), RFC 9110 5.6.1: one header
may hold several policies behind commas, each an own wall. What is not changed keeps its bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Final

from gateway.enforcement.headers import get_all
from gateway.types import RawHeaders

NAMES: Final = frozenset((b"content-security-policy", b"content-security-policy-report-only"))
Tokens = list[str]

_SCRIPT: Final = ("script-src-elem", "script-src", "default-src")
_OURS: Final = (
    _SCRIPT,
    ("style-src-elem", "style-src", "default-src"),
    ("connect-src", "default-src"),
    ("frame-src", "child-src", "default-src"),
    ("form-action",),
)
"""What decides about the script, stylesheet, requests, frames and forms of the banner: the first one present."""
_HOST: Final = re.compile(r"[a-z0-9._-]+(?::\d{1,5})?", re.I)
_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)')
_KEY: Final = re.compile(rb"(?:^|,)[ \t]*([a-z*][a-z0-9_.*-]*)[ \t]*=")


def parse(policy: str) -> dict[str, Tokens]:
    """The directives of one policy, names in lower case; of several with one name the first counts."""
    directives: dict[str, Tokens] = {}
    for directive in policy.split(";"):
        name, *tokens = directive.split() or [""]
        if name:
            directives.setdefault(name.lower(), tokens)
    return directives


def own_source(host: str, prefix: str) -> str:
    """The source that allows the gateway's own paths below `prefix` and nothing else; "" without a plain host."""
    return f"{host}{prefix}/" if _HOST.fullmatch(host) else ""


def with_source(value: bytes, source: str) -> bytes:
    """Every policy of a header with `source` added where it would close our banner out.

    `'self'` and `*` allow it already. A script's nonce does too: our script carries it, and next to
    `'strict-dynamic'` a source would not count.
    """
    return b",".join(_opened(policy, source) for policy in value.split(b","))


def _opened(policy: bytes, source: str) -> bytes:
    known = parse(policy.decode("latin-1"))
    chosen = {next((name for name in names if name in known), "") for names in _OURS}
    seen: set[str] = set()

    def opened(name: str, tokens: Tokens) -> Tokens:
        again = name in seen  # the first of a name counts (CSP 3, 2.2.1)
        seen.add(name)
        if again or name not in chosen or source in tokens or _allows_us(name, tokens):
            return tokens
        return [*(token for token in tokens if token.lower() != "'none'"), source]

    return _edited(policy, opened)


def _allows_us(name: str, tokens: Tokens) -> bool:
    sources = [token.lower() for token in tokens]
    nonces = [source for source in sources if source.startswith(("'nonce-", "'strict-dynamic'"))]
    return bool(name.startswith("script-src") and nonces) or "'self'" in sources or "*" in sources


def allows_inline_script(value: bytes, nonce: str) -> bool:
    """Whether every policy of a header lets a script element with `nonce` ("" for none) hold its own code.

    Source: CSP 3, 6.7.3.2 and 6.7.3.3.
    """
    return all(_allows_inline(parse(policy.decode("latin-1")), nonce) for policy in value.split(b","))


def _allows_inline(known: dict[str, Tokens], nonce: str) -> bool:
    name = next((name for name in _SCRIPT if name in known), None)
    if name is None:
        return True
    sources = [source.lower() for source in known[name]]
    if nonce and f"'nonce-{nonce}'" in known[name]:
        return True
    shut = any(source.startswith(("'nonce-", "'sha", "'strict-dynamic'")) for source in sources)
    return "'unsafe-inline'" in sources and not shut


def without_reports(
    value: bytes, allowed: Callable[[str], bool], groups: Collection[str], lost: Callable[[], None]
) -> bytes:
    """A header without the report targets that are not `allowed`, and without `report-to` outside `groups`.

    A group that the same answer does not define would be one the browser remembers from another time; `lost` hears
    of each of those.
    """

    def heard(name: str, tokens: Tokens) -> Tokens | None:
        if name == "report-uri":
            return [token for token in tokens if allowed(token)] or None
        if name == "report-to" and (not tokens or tokens[0] not in groups):
            lost()
            return None
        return tokens

    policies = (_edited(policy, heard) for policy in value.split(b","))
    return b",".join(policy for policy in policies if policy.strip())


def _edited(policy: bytes, edit: Callable[[str, Tokens], Tokens | None]) -> bytes:
    """`policy` with each directive's tokens as `edit` wants them; None takes the directive away."""
    kept = []
    for directive in policy.split(b";"):
        name, *tokens = directive.decode("latin-1").split() or [""]
        wanted = edit(name.lower(), tokens) if name else tokens
        if wanted == tokens:
            kept.append(directive)
        elif wanted is not None:
            kept.append(" ".join([" " * bool(kept) + name, *wanted]).encode("latin-1"))
    return b";".join(kept)


def reporting_groups(headers: RawHeaders) -> frozenset[str]:
    """The groups of reporting endpoints that these headers define (Reporting API, `Report-To` before it)."""
    found: set[str] = set()
    for value in get_all(headers, b"reporting-endpoints"):
        found.update(key.decode() for key in _KEY.findall(_QUOTED.sub(b'""', value)))
    for value in get_all(headers, b"report-to"):
        # Only what could be read was kept.
        found.update(str(group.get("group", "default")) for group in json.loads(b"[" + value + b"]"))
    return frozenset(found)
