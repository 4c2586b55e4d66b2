"""What happens to one start tag: kept byte for byte, parked in place, or gone (R-40 to R-46).

Parked: the address moves to `data-consent-src` (or `-srcset`, `-href`, `-data`) and scripts get
`type="text/plain"`; the banner's script puts them back. Removed: the tag goes, or only the
attribute where the element has a life without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.enforcement.addresses import WHOLE, Attribution, closed, runs
from gateway.enforcement.attributes import StartTag, encode, quoted, start_tag
from gateway.enforcement.comments import without_comments
from gateway.enforcement.common_attributes import edit_common
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.embed import END, Embed, parked_embed, parked_scripts
from gateway.enforcement.link_element import edit_link_element
from gateway.enforcement.links import edit_link
from gateway.enforcement.maps import MAPS, edit_map
from gateway.enforcement.meta import edit_base, edit_meta
from gateway.enforcement.page_policy import PagePolicy, strictest
from gateway.enforcement.parking import CATEGORY, marking, moved, parked_script
from gateway.enforcement.programs import PROGRAM, SNIPPET, edit_list, edit_program
from gateway.enforcement.style_sheets import filtered_style
from gateway.model.categories import Fate

_SKIPPED: Final = frozenset(("iframe", "script"))
"""Of the elements that are nothing without their address, the ones whose content goes with them."""
_SPECIAL: Final[dict[str, Callable[[StartTag, PagePolicy], Edit | None]]] = {
    "a": edit_link,
    "area": edit_link,
    "base": edit_base,
    "link": edit_link_element,
    "meta": edit_meta,
}


def edit(tag: StartTag, policy: PagePolicy, in_noscript: bool = False) -> Edit | None:
    """What to do with `tag`; None to keep it byte for byte. Content of inline scripts is judged apart."""
    special = _SPECIAL.get(tag.name)
    change = special(tag, policy) if special else _addressed(tag, policy, in_noscript)
    if change is None:
        return edit_common(tag, policy)
    if change.embed is not None:
        change = change._replace(embed=_bare(change.embed, policy))
    if not change.output:
        return change
    more = edit_common(start_tag(change.output), policy)
    return change if more is None else Edit(more.output, False, change.counts + more.counts, embed=change.embed)


def _bare(embed: Embed, policy: PagePolicy) -> Embed:
    """The frame a placeholder stands for, without what its other attributes would load."""
    if not embed.element:
        return embed
    more = edit_common(start_tag(embed.element.removesuffix(END)), policy)
    return embed if more is None else embed._replace(element=more.output + END)


def edit_content(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    """What to do with a style sheet, or a script without an address, given its text; None to keep both."""
    if tag.name == "style":
        text, counts = filtered_style(content, policy)
        return Edit(tag.source, False, tuple(counts), text) if counts else None
    if runs(tag):
        return _inline(tag, content, policy)
    kind = MAPS.get(tag.value("type").strip().lower())
    return edit_map(tag, content, kind, policy) if kind else None


def _inline(tag: StartTag, content: bytes, policy: PagePolicy) -> Edit | None:
    verdict = policy.inline(content)
    if verdict.fate is Fate.KEEP:
        return None
    if (list_edit := edit_list(tag, content, policy)) is not None:
        return list_edit
    bare = without_comments(content)
    if bare != content and policy.inline(bare).fate is Fate.KEEP:
        return Edit(tag.source, False, (Count(verdict.service, "mention", Fate.KEEP),))
    waits_for = tag.value(CATEGORY).split()
    if len(content) > SNIPPET and not waits_for and (program := edit_program(tag, content, policy)) is not None:
        return program
    what = "inline script" if len(content) <= PROGRAM else "long inline script"
    counts = (Count(verdict.service, what, verdict.fate),)
    embed = parked_scripts(verdict)
    if verdict.fate is Fate.REMOVE and embed is None:
        return Edit(b"", True, counts)
    if waits_for and tag.value("type") == "text/plain":  # parked already: its tag, or the page as a whole
        if set(verdict.categories) <= set(waits_for):
            return None
        both = " ".join(dict.fromkeys((*waits_for, *verdict.categories)))
        return Edit(tag.edited({CATEGORY: quoted(CATEGORY, encode(both))}), False, counts)
    return Edit(parked_script(tag, {}, verdict), False, counts, embed=embed)


def _addressed(tag: StartTag, policy: PagePolicy, in_noscript: bool) -> Edit | None:
    found = list(closed(tag, policy, in_noscript))
    if not found:
        return None
    verdict = strictest(*(item.verdict for item in found))
    counts = (Count(verdict.service, _what(tag, found), verdict.fate),)
    names = [item.name for item in found]
    if tag.name == "script" and (verdict.fate is Fate.HOLD or parked_scripts(verdict)):
        parked = parked_script(tag, moved(tag, names), verdict)
        return Edit(parked, False, counts, embed=parked_scripts(verdict))
    embed = parked_embed(tag, verdict, names, policy.page)
    if verdict.fate is Fate.REMOVE:
        if tag.name in WHOLE and any(not item.name.startswith("data-") for item in found):
            return Edit(b"", tag.name in _SKIPPED, counts, embed=embed)
        return Edit(tag.edited(dict.fromkeys(names)), False, counts, embed=embed)
    return Edit(tag.edited(moved(tag, names), marking(verdict)), False, counts, embed=embed)


def _what(tag: StartTag, found: list[Attribution]) -> str:
    if tag.name == "script":
        return "script"
    return found[0].kind.value
