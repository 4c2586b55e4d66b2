"""A style sheet of the page without the addresses that may not load, wherever it stands."""

from __future__ import annotations

from gateway.enforcement import css
from gateway.enforcement.edit import Count
from gateway.enforcement.inline import script_of_data_url
from gateway.enforcement.page_policy import Kind, PagePolicy, Verdict, strictest
from gateway.enforcement.pixel import is_beacon
from gateway.model.categories import Fate

_DEEPEST = 4
"""How many `data:` sheets may import each other."""


def filtered_style(text: bytes, policy: PagePolicy) -> tuple[bytes, list[Count]]:
    """A style sheet without the addresses that may not load, and what was taken out."""
    text, verdicts = _filtered(text, policy, _DEEPEST)
    return text, [Count(verdict.service, "style", Fate.REMOVE) for verdict in verdicts]


def judge_data_sheet(url: str, policy: PagePolicy) -> Verdict:
    """May a sheet that stands in its address load? It may if all that it loads may."""
    return _judge_data(url, policy, _DEEPEST)


def _filtered(text: bytes, policy: PagePolicy, depth: int) -> tuple[bytes, list[Verdict]]:
    verdicts: list[Verdict] = []

    def keep(url: str, imported: bool) -> bool:
        verdict = _judge(url, imported, policy, depth)
        if verdict.fate is not Fate.KEEP:
            verdicts.append(verdict)
        return verdict.fate is Fate.KEEP

    return css.filtered(text, keep), verdicts


def _judge(url: str, imported: bool, policy: PagePolicy, depth: int) -> Verdict:
    verdict = policy.url(url, Kind.STYLE if imported else Kind.PIXEL if is_beacon(url) else Kind.IMAGE)
    return strictest(verdict, _judge_data(url, policy, depth)) if imported else verdict


def _judge_data(url: str, policy: PagePolicy, depth: int) -> Verdict:
    sheet = script_of_data_url(url)
    if sheet is not None and depth == 0:
        return Verdict(Fate.REMOVE)
    return strictest(*_filtered(sheet, policy, depth - 1)[1]) if sheet else strictest()
