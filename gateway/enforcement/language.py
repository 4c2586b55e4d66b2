"""Which of our languages a visitor reads.

The order is the page's own `<html lang>`, then `Accept-Language`, then the configured language.
Every Chinese tag is answered in traditional Chinese: there is one Chinese text.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final

NOTICE_LOCALES: Final = ("zh-Hant", "en")
"""The languages of the notice; visitors who read another one get its last."""

FOLDER: Final = files("gateway") / "data" / "locales"
"""One file of texts for each language, named by its tag (BCP 47)."""

LOCALES: Final = (
    *NOTICE_LOCALES,
    *sorted({file.name.removesuffix(".json") for file in FOLDER.iterdir()} - {*NOTICE_LOCALES}),
)
"""Every language there are texts for; the first is the last resort."""

_BY_PRIMARY: Final = {name.partition("-")[0].lower(): name for name in reversed(LOCALES)}

MAX_RANGES = 32
"""Ranges read of one `Accept-Language`; the rest of a longer line is ignored."""


@lru_cache(maxsize=256)
def choose(html_lang: str | None, accept_language: str, default: str) -> str:
    """The locale for a page in `html_lang` asked for with `accept_language`; always one of `LOCALES`."""
    return _known(html_lang or "") or _accepted(accept_language) or _known(default) or LOCALES[0]


def _known(tag: str) -> str | None:
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return _BY_PRIMARY.get(primary)


def notice_locale(locale: str) -> str:
    """The language that a reader of `locale` gets the notice in."""
    return locale if locale in NOTICE_LOCALES else NOTICE_LOCALES[-1]


def _accepted(header: str) -> str | None:
    """The known language of the highest quality, the earlier one among equals (RFC 9110, 12.5.4)."""
    best, best_quality = None, 0.0
    for item in header.split(",")[:MAX_RANGES]:
        tag, _, parameter = item.partition(";")
        locale, quality = _known(tag), _quality(parameter)
        if locale and quality > best_quality:
            best, best_quality = locale, quality
    return best


def _quality(parameter: str) -> float:
    """`q=0.8` -> 0.8; without a parameter 1; anything unreadable 0, as if the language were not named."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    digits = value.strip()
    if name.strip().lower() != "q" or not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        return 0.0
    return min(float(digits), 1.0)
