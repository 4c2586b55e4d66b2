"""What nobody knows, as a block for the configuration: the operator decides the category."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9._~!#$%&'*+^`|-]+")
_ID = re.compile(r"[^a-z0-9]+")


def snippet(unknown: Iterable[tuple[str, str, int]]) -> str:
    """TOML for cookies and hosts (kind, masked name, times); of a host without its masked label and all before it."""
    blocks = []
    for kind, name, _ in unknown:
        if not _PLAIN.fullmatch(name):
            continue
        if kind == "cookie":
            blocks.append(f'[[cookies]]\nname = "{name}"\ncategory = ""\n')
            continue
        host = name.rpartition("*")[2].partition(".")[2] if "*" in name else name
        if "." in host:
            id = _ID.sub("-", host.lower()).strip("-")
            blocks.append(f'[[services]]\nid = "{id}"\nname = "{host}"\ncategory = ""\nhosts = ["{host}"]\n')
    return "\n".join(dict.fromkeys(blocks))
