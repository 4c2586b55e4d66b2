"""All that the banner adds to a page stays under 5 kB gzipped (R-106)."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from gateway.enforcement.language import LOCALES
from tests.banner.shop import ASSETS, BANNER, UNSET

LIMIT = 5 * 1000


@pytest.mark.parametrize("locale", LOCALES)
def test_everything_the_banner_adds_is_light(locale: str, say: Callable[[str], None]) -> None:
    markup = gzip.compress(BANNER.body(UNSET, locale, "/") + BANNER.foot(UNSET, locale, "de"), 9)
    parts = {"markup": len(markup)} | {name: len(ASSETS[name].packed) for name in ("cg.js", "cg.css")}
    listed = " + ".join(f"{name} {size}" for name, size in parts.items())
    say(f"banner, {locale}: {listed} = {sum(parts.values())} of {LIMIT} bytes gzipped")
    assert sum(parts.values()) <= LIMIT


def test_what_comes_only_when_it_is_needed_is_light_too(say: Callable[[str], None]) -> None:
    later = {name: len(ASSETS[name].packed) for name in ("wk.js", "dl.js", "pg.css", "em.css")}
    say(f"after a grant wk.js {later['wk.js']}; in the dialog dl.js {later['dl.js']}, pg.css {later['pg.css']}")
    assert sum(later.values()) <= LIMIT
