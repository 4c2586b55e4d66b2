"""What is found in the texts of a language before a visitor reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.enforcement.language import FOLDER, LOCALES, NOTICE_LOCALES
from gateway.enforcement.wording import faults


def table(locale: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{locale}.json").read_text(encoding="utf-8"))
    return loaded


MODEL = table(LOCALES[0])


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_is_complete_and_neutral(locale: str) -> None:
    assert faults(table(locale), MODEL, whole=locale in NOTICE_LOCALES) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_file_is_named_by_the_language_it_says(locale: str) -> None:
    assert table(locale)["lang"] == locale
    assert table(locale)["dir"] in ("ltr", "rtl")


def test_the_languages_of_a_taiwanese_shops_customers_are_there() -> None:
    assert {"zh-Hant", "en", "ja", "ko", "vi", "id", "th"} <= set(LOCALES)


def test_no_two_languages_say_the_same() -> None:
    for key in ("banner.title", "banner.body.3", "about.marketing", "nocookie", "withdrawn", "notice.language"):
        assert len({table(locale)[key] for locale in LOCALES}) == len(LOCALES), key


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"refuse": None}, "refuse: missing"),
        ({"refused": "x"}, "refused: no text of that name"),
        ({"refuse": "  "}, "refuse: empty"),
        ({"banner.partners": "partners"}, "banner.partners: expected the braces ['n']"),
        ({"accept": {"x": 1}, "save": ["x"]}, "save: expected a text"),
        ({"functions.rows": [["a", "b", "c"]]}, "functions.rows: expected 10 rows"),
        ({"banner.everyone": "Please ACCEPT"}, "banner.everyone: banned word 'Please ACCEPT'"),
        ({"saved": "ขอบคุณ"}, "saved: banned word 'ขอบคุณ'"),
        ({"notice.six.who": None}, "notice.six.who: missing"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, object], found: str) -> None:
    wrong = {key: value for key, value in (table("en") | changed).items() if value is not None}
    assert found in faults(wrong, MODEL, whole=True)


def test_the_words_of_the_notice_may_be_left_out() -> None:
    short = {key: value for key, value in table("en").items() if key != "notice.six.who"}
    assert faults(short, MODEL, whole=False) == []
