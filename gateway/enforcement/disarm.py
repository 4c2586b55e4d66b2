"""A shop's own script that loads a tracker among other things: without the tracker, and still the shop's.

A snippet that only loads a tracker waits or goes as a whole. Longer scripts do something else too - menus, prices,
the data of the page - and taking them away would break the shop. In those the addresses of what may not load are
replaced by ones that lead nowhere; the rest runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from gateway.enforcement.loader import located
from gateway.enforcement.url import Target

SNIPPET: Final = 2048
"""Bytes up to which a script that belongs to a tracker is nothing but its snippet."""
PROGRAM: Final = 8192
"""Bytes from which on calls of a tracker (`fbq(…)`) in a script that loads none do not make it the tracker's."""

_NOWHERE: Final = "about:blank#"
"""Loads an empty document without asking anybody (Fetch, 4.2); what the script appends becomes the fragment."""
_NOBODY: Final = "x.invalid/#"
"""For addresses put together from pieces: a name that never resolves (RFC 2606, 2)."""


class Disarmed(NamedTuple):
    """`script` without the addresses of `targets`; `whole` are those that stood in it complete."""

    script: bytes
    targets: tuple[Target, ...]
    whole: tuple[str, ...]


def disarmed(script: bytes, closed: Callable[[Target], bool]) -> Disarmed:
    """Replace every address the script loads for which `closed` holds; the other bytes stay as they are."""
    text = script.decode("latin-1")
    out: list[str] = []
    targets: list[Target] = []
    whole: list[str] = []
    position = 0
    for found in located(text):
        if not found.loadable or not closed(found.target):
            continue
        targets.append(found.target)
        start = found.start if found.absolute else found.host
        out += (text[position:start], _NOWHERE if found.absolute else _NOBODY)
        position = found.end
        if found.complete:
            whole.append(text[found.start : found.end].replace("\\/", "/"))
    if not targets:
        return Disarmed(script, (), ())
    out.append(text[position:])
    return Disarmed("".join(out).encode("latin-1"), tuple(dict.fromkeys(targets)), tuple(dict.fromkeys(whole)))
