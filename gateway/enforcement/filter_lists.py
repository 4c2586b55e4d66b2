"""The operator's own filter lists in Adblock Plus syntax, matched by the package `adblock` (extra `filters`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import ConfigError, Problem
from gateway.model.categories import Category
from gateway.model.service import Service

if TYPE_CHECKING:
    from adblock import Engine

Listed = Callable[[str, str, str], bool]
"""From URL, URL of the page and kind of use to whether a list blocks it."""

SERVICE: Final = Service("filter-list", "Filter list", Category.MARKETING, origin="configuration")
"""Whoever is on a list and in no catalogue."""

_TYPES: Final = {
    "script": "script", "frame": "subdocument", "object": "object", "image": "image", "pixel": "image",
    "style": "stylesheet", "media": "media", "ping": "ping", "refresh": "document", "hint": "other",
}  # fmt: skip
MISSING: Final = "the package adblock, to read filter lists with: pip install consent-gateway[filters]"


class FilterLists:
    """Network rules of several lists together; an exception (`@@`) of one holds for all. Hiding rules are ignored."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def load(cls, paths: Sequence[str]) -> FilterLists:
        """Read the lists. Raises ConfigError with a problem for each file that cannot be read, or for the package."""
        try:
            from adblock import Engine, FilterSet
        except ImportError:
            raise ConfigError([Problem("filter_lists", list(paths), MISSING)]) from None
        problems = []
        rules = FilterSet()
        for place, path in enumerate(paths):
            try:
                rules.add_filter_list(Path(path).read_text("utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                problems.append(Problem(f"filter_lists[{place}]", path, f"a file in UTF-8 that can be read ({error})"))
        if problems:
            raise ConfigError(problems)
        return cls(Engine(rules))

    def __call__(self, url: str, page: str, kind: str) -> bool:
        """Does a list block `url`, used as `kind` (the words of `page_policy.Kind`) in `page`?"""
        asked = url.encode("utf-8", "replace").decode("utf-8")
        return self._engine.check_network_urls(asked, page, _TYPES[kind]).matched
