"""Scripts in attributes: event handlers, and `javascript:` addresses that a click runs.

Source: HTML Standard, 8.1.8 (event handlers) and 7.4.2.3.2 (javascript: URLs).

What a visitor does, a click or a key, may tell a tracker that is there already: where it is not, nothing
happens. Such a handler is closed only if it can fetch the tracker itself; one that runs by itself is
closed as any inline script.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.enforcement.attributes import Attribute, decode, encode
from gateway.enforcement.inline import script_of_javascript_url
from gateway.enforcement.loader import loads
from gateway.enforcement.page_policy import KEEP, PagePolicy, Verdict
from gateway.enforcement.scanner import ACTS

_ACT = re.compile(f"on(?:{'|'.join(ACTS)})")
LEADING: Final = frozenset(("href", "xlink:href", "action", "formaction"))
"""Attributes whose `javascript:` address the visitor has to follow."""


def judge_handler(attribute: Attribute, policy: PagePolicy) -> Verdict:
    """May this event handler stay?"""
    script = encode(decode(attribute.raw))
    return _act(script, policy) if _ACT.match(attribute.name) else policy.inline(script)


def judge_leading(attribute: Attribute, policy: PagePolicy) -> Verdict:
    """May this address of a link or form stay? Any may that is not a script."""
    script = script_of_javascript_url(decode(attribute.raw))
    return KEEP if script is None else _act(script, policy)


def _act(script: bytes, policy: PagePolicy) -> Verdict:
    return policy.inline(script) if loads(script) else KEEP
