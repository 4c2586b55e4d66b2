"""The words visitors read, one closed table per language.

`texts("en")["refuse"]` is the word itself; `texts("en").say("banner.partners", n=3)` fills the braces.
Nothing here is HTML: whoever puts a text into markup escapes it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache

from gateway.enforcement.language import FOLDER, LOCALES, NOTICE_LOCALES
from gateway.enforcement.wording import faults
from gateway.model.categories import OPTIONAL, Category


class Texts:
    """The texts of one `locale`, read-only. A key that does not exist is a programming error: KeyError."""

    def __init__(self, locale: str, table: Mapping[str, object]) -> None:
        self.locale = locale
        self._lines = {key: value for key, value in table.items() if isinstance(value, str)}
        self._rows = {key: value for key, value in table.items() if isinstance(value, list)}

    def __getitem__(self, key: str) -> str:
        return self._lines[key]

    def keys(self) -> frozenset[str]:
        """Every key of this language, the tables included."""
        return frozenset(self._lines) | frozenset(self._rows)

    def say(self, key: str, **values: object) -> str:
        """The text with its `{braces}` filled."""
        return self._lines[key].format(**values)

    def rows(self, key: str) -> list[list[str]]:
        """A table of texts, row by row."""
        return [[str(cell) for cell in row] for row in self._rows[key]]

    def kinds(self, categories: Collection[Category]) -> str:
        """The given optional categories in running text, in their fixed order."""
        return self["comma"].join(self[f"kind.{name}"] for name in OPTIONAL if name in categories)

    def question(self, categories: Collection[Category]) -> str:
        """The first layer's body, naming exactly the optional `categories` (one to three of them)."""
        return self.say(f"banner.body.{len(categories)}", kinds=self.kinds(categories))

    def partners(self, count: int) -> str:
        """The words of the link to the list of `count` partners; 0 means the number is not known."""
        if count < 1:
            return self["banner.full"]
        return self["banner.partner"] if count == 1 else self.say("banner.partners", n=count)


@cache
def texts(locale: str) -> Texts:
    """The texts of `locale`, one of `LOCALES`; anything else is answered in the first of them.

    A file that leaves out, adds or misspells something, or uses a banned word, is a ValueError that names it all.
    """
    name = locale if locale in LOCALES else LOCALES[0]
    table = _table(name)
    if found := faults(table, _table(LOCALES[0]), whole=name in NOTICE_LOCALES):
        raise ValueError(f"texts in {name}: {'; '.join(found)}")
    return Texts(name, table)


def _table(name: str) -> dict[str, object]:
    table: dict[str, object] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return table
