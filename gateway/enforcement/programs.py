"""Inline scripts of the shop's own that load a tracker among other things: they run without it (R-43, R-50).

A snippet that only loads a tracker waits or goes as a whole. A longer script does something else too - menus,
prices, the data of the page - and without it the shop would break. There the tracker's address is taken out. What
can be loaded as it stood waits behind the script; for the rest the page is built anew once there is consent.
"""

from __future__ import annotations

from typing import Final

from gateway.enforcement.attributes import StartTag, escape, quoted
from gateway.enforcement.disarm import disarmed
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.loader import located, without
from gateway.enforcement.page_policy import Kind, PagePolicy, Verdict, strictest
from gateway.enforcement.parking import marking
from gateway.enforcement.spelling import spelt_out
from gateway.model.categories import Fate

SNIPPET: Final = 2048
"""Bytes up to which a script that belongs to a tracker is nothing but its snippet."""
PROGRAM: Final = 8192
"""Bytes from which on a tracker's calls (`fbq(…)`) do not make a script the tracker's that loads none."""


def edit_list(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    """A loader that may run once its list is freed of what may not load; that waits behind it, if it may come."""
    shortened, urls = without(content, lambda url: policy.url(url, Kind.SCRIPT).fate is not Fate.KEEP)
    if not urls or policy.inline(shortened).fate is not Fate.KEEP:
        return None
    verdicts = [policy.url(url, Kind.SCRIPT) for url in urls]
    parked = [_waiting(verdict, url) for url, verdict in zip(urls, verdicts, strict=True) if _may_come(verdict)]
    return Edit(tag.source, False, _counts(verdicts), shortened, b"".join(parked))


def edit_program(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    """A script of the shop's without the addresses that may not load; None if it is the tracker's all the same."""
    found = disarmed(content, lambda target: policy.loaded(target).fate is not Fate.KEEP)
    if not _harmless(found.script, policy):
        return None
    if not found.targets:
        return Edit(tag.source, False, (Count(policy.inline(content).service, "mention", Fate.KEEP),))
    verdicts = [policy.loaded(target) for target in found.targets]
    parked = [_waiting(verdict, url) for url in found.whole if _may_come(verdict := policy.url(url, Kind.SCRIPT))]
    if len(found.whole) < len(found.targets) and _may_come(all_of := strictest(*verdicts)):
        parked.append(b'<script type="text/plain" %s data-consent-reload></script>' % marking(all_of))
    return Edit(tag.source, False, _counts(verdicts), found.script, b"".join(parked))


def _harmless(script: bytes, policy: PagePolicy) -> bool:
    """Whether nothing is left that may not load, hidden or not; in a program calls without an address do no harm."""
    if policy.inline(script).fate is Fate.KEEP:
        return True
    if len(script) <= PROGRAM:
        return False
    texts = (text.decode("latin-1") for text in (script, spelt_out(script)) if text is not None)
    return all(policy.loaded(found.target).fate is Fate.KEEP for text in texts for found in located(text))


def _may_come(verdict: Verdict) -> bool:
    return verdict.fate is Fate.HOLD


def _counts(verdicts: list[Verdict]) -> tuple[Count, ...]:
    return tuple(Count(verdict.service, "script", verdict.fate) for verdict in verdicts)


def _waiting(verdict: Verdict, url: str) -> bytes:
    address = quoted("data-consent-src", escape(url))
    return b'<script async type="text/plain" %s %s></script>' % (marking(verdict), address)
