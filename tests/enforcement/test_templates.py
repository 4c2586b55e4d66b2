"""Templates escape what they are given and miss nothing silently."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from gateway.enforcement.templates import render
from gateway.enforcement.texts import texts


def test_values_are_escaped_unless_they_are_markup() -> None:
    words = texts("en")
    page = render("chip.html", t=words, chip="gpc", prefix='"><b>', lang=Markup(' lang="en"'))
    assert 'href="&#34;&gt;&lt;b&gt;/"' in page
    assert ' lang="en"' in page


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("chip.html", t=texts("en"), chip="gpc", lang="")
