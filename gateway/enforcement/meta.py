"""`meta` elements that stand for headers, and `base` (HTML Standard, 4.2.3 and 4.2.5.3)."""

from __future__ import annotations

import re

from gateway.enforcement.attributes import StartTag
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.inline import script_of_data_url, script_of_javascript_url
from gateway.enforcement.page_policy import KEEP, Kind, PagePolicy, Verdict, strictest
from gateway.enforcement.referrer import is_talkative_meta
from gateway.enforcement.url import refresh_target
from gateway.model.categories import Category, Fate

_LINKED = re.compile("<([^>]*)")


def edit_meta(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """What to do with a `meta`; None to keep it byte for byte."""
    if is_talkative_meta(tag):
        return Edit(b"", False, (Count("unknown", "referrer", Fate.REMOVE),))
    header = tag.value("http-equiv").strip().lower()
    if header == "refresh":
        verdict, what = _refresh(tag.value("content"), policy), "refresh"
    elif header == "link":
        urls: list[str] = _LINKED.findall(tag.value("content"))
        verdict, what = strictest(*(policy.url(url, Kind.HINT) for url in urls)), "hint"
    else:
        return None
    if verdict.fate is Fate.KEEP:
        return None
    return Edit(b"", False, (Count(verdict.service, what, Fate.REMOVE),))


def _refresh(content: str, policy: PagePolicy) -> Verdict:
    """A page that goes on to a page or script of its own making hides what that one loads: it never may."""
    url = refresh_target(content)
    if script_of_data_url(url) is not None or script_of_javascript_url(url) is not None:
        return KEEP if policy.category(Category.MARKETING) is Fate.KEEP else Verdict(Fate.REMOVE)
    return policy.url(url, Kind.REFRESH)


def edit_base(tag: StartTag, policy: PagePolicy) -> Edit | None:
    """What to do with a `base`: one that leads to where nothing may load goes."""
    verdict = policy.url(tag.value("href"), Kind.SCRIPT)
    if verdict.fate is Fate.KEEP:
        return None
    return Edit(b"", False, (Count(verdict.service, "base", Fate.REMOVE),))
