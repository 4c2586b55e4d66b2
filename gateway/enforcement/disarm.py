"""A script without the addresses of what may not load: they lead nowhere, the rest of it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from gateway.enforcement.loader import located
from gateway.enforcement.url import Target

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
