"""Which of our languages a visitor reads.

The order is the page's own `<html lang>`, then `Accept-Language`, then the configured language.
Every Chinese tag is answered in traditional Chinese: there is one Chinese text.
"""

from __future__ import annotations

LOCALES = ("zh-Hant", "en")
"""Every language there are texts for; the first is the last resort."""

MAX_RANGES = 32
"""Ranges read of one `Accept-Language`; the rest of a longer line is ignored."""


def choose(html_lang: str | None, accept_language: str, default: str) -> str:
    """The locale for a page in `html_lang` asked for with `accept_language`; always one of `LOCALES`."""
    return _known(html_lang or "") or _accepted(accept_language) or _known(default) or LOCALES[0]


def _known(tag: str) -> str | None:
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return {"zh": "zh-Hant", "en": "en"}.get(primary)


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
