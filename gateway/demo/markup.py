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
    idpattern = r"(?:at|t)\.[a-z_]+|[a-z_]+"
    braceidpattern = None


class _Values(dict[str, str]):
    """The values of one page, escaped; `t.word` is a text in the page's language."""

    def __init__(self, values: Mapping[str, object], language: str) -> None:
        super().__init__((name, _html(value)) for name, value in values.items())
        self._language = language

    def __missing__(self, name: str) -> str:
        if not name.startswith("t."):
            raise KeyError(name)
        return escape(text(name[2:], self._language))


def _html(value: object) -> str:
    return value if isinstance(value, Markup) else escape(str(value))


@cache
def read(path: str) -> str:
    """A text file of this package, such as `pages/home.html`."""
    return resources.files("gateway.demo").joinpath(path).read_text("utf-8")


def text(word: str, language: str) -> str:
    """The shop's text of that name; KeyError if there is none."""
    return _texts()[word]["en" if language == "en" else "zh"]


def fill(page: str, language: str, /, **values: object) -> Markup:
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
