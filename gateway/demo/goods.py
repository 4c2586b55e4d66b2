"""What the demo's shop sells."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from gateway.demo.markup import read


@dataclass(frozen=True, slots=True)
class Item:
    """One article; texts by language, price in New Taiwan dollars, `picture` names a file in `pictures/`."""

    slug: str
    category: str
    price: int
    zh: str
    en: str
    line_zh: str
    line_en: str
    about_zh: str
    about_en: str

    def name(self, language: str) -> str:
        """Its name in that language."""
        return self.en if language == "en" else self.zh

    def line(self, language: str) -> str:
        """One short line for the shelf."""
        return self.line_en if language == "en" else self.line_zh

    def about(self, language: str) -> str:
        """The description on its own page."""
        return self.about_en if language == "en" else self.about_zh


CATEGORIES = ("tea", "ware", "paper")


@cache
def goods() -> dict[str, Item]:
    """All articles by slug, in the order of the shelf."""
    return {slug: Item(slug, **row) for slug, row in tomllib.loads(read("goods.toml")).items()}
