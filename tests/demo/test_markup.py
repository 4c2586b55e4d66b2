import pytest

from gateway.demo.markup import Markup, fill, text


def test_values_are_escaped_and_markup_is_not() -> None:
    part = fill("live_seen", "", path="<p>", cookies=Markup("<i>a</i>"), consent='"')
    assert "&lt;p&gt;" in part
    assert "<i>a</i>" in part
    assert "&quot;" in part


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("live_seen", "")


def test_a_text_comes_in_the_language_of_the_page() -> None:
    assert (text("tea", "zh-Hant"), text("tea", "en")) == ("茶", "Tea")
