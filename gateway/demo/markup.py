"""Filling the demo's page templates: every value is escaped unless it is markup already."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib import resources
from string import Template


class Markup(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


class _Page(Template):
    idpattern = r"[a-z][a-z0-9_.]*"
    braceidpattern = None


class _Values(Mapping[str, str]):
    """The values of one page; `t.word` is a text in the page's language."""

    def __init__(self, values: Mapping[str, object], language: str) -> None:
        self._values = values
        self._language = language

    def __getitem__(self, name: str) -> str:
        if name.startswith("t."):
            return escape(text(name[2:], self._language))
        value = self._values[name]
        return value if isinstance(value, Markup) else escape(str(value))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@cache
def read(path: str) -> str:
    """A text file of this package, such as `pages/home.html`."""
    return resources.files("gateway.demo").joinpath(path).read_text("utf-8")


def text(word: str, language: str) -> str:
    """The shop's text of that name; KeyError if there is none."""
    return _texts()[word]["en" if language == "en" else "zh"]


def fill(page: str, language: str, **values: object) -> Markup:
    """`pages/PAGE.html` with `$name` replaced by the values and `$t.word` by texts."""
    return Markup(_template(f"pages/{page}.html").substitute(_Values(values, language)))


def join(parts: Iterator[Markup]) -> Markup:
    """Markup one after the other."""
    return Markup("".join(parts))


@cache
def _template(path: str) -> _Page:
    return _Page(read(path))


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(read("texts.toml"))
