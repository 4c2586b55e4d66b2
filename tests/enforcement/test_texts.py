"""The texts: every language naming only what is asked, the templates without words of their own."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts
from gateway.enforcement.wording import BANNED
from gateway.model.categories import OPTIONAL, Category

TEMPLATES = Path(__file__).parents[2] / "gateway" / "data" / "templates"

# The one image is the shop's own.
LOGO = """<img src="{{ logo }}" alt="{{ controller or t['site'] }}" height="40">"""


@pytest.mark.parametrize("template", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_no_template_holds_words_images_or_inline_code(template: Path) -> None:
    source = template.read_text("utf-8")
    outside = re.sub(r"\{[{%].*?[%}]\}|<[^>]*>|[·—←\s]", "", re.sub(r"<[^>]*>", "", source))
    assert not outside
    source = source.replace(LOGO, "")
    assert not re.search(rf"<img|<svg|\son\w+=|\sstyle=|javascript:|{BANNED.pattern}", source, re.IGNORECASE)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("locale", LOCALES)
def test_the_question_names_exactly_the_categories_asked(locale: str, size: int) -> None:
    words = texts(locale)
    for asked in combinations(OPTIONAL, size):
        question = words.question(asked)
        named = {name for name in OPTIONAL if words[f"kind.{name}"] in question}
        assert named == set(asked)


def test_the_first_layer_says_what_the_requirements_say() -> None:
    assert texts("zh-Hant").question(OPTIONAL) == (
        "必要的 Cookie 讓登入、購物車與付款正常運作。另外三類——功能偏好、統計分析、行銷與個人化——預設關閉，"
        "您同意才會啟用；其中部分由合作業者讀取。全部拒絕也能照常購物。"
    )
    assert texts("en").question(OPTIONAL) == (
        "Necessary cookies keep sign-in, cart and payment working. Three further kinds — preferences, "
        "statistics, marketing and personalisation — stay off unless you agree; partner companies read "
        "some of them. You can refuse all and shop as usual."
    )


def test_the_kinds_keep_their_order_whatever_the_order_asked() -> None:
    asked = (Category.MARKETING, Category.PREFERENCES)
    assert texts("en").kinds(asked) == "preferences, marketing and personalisation"
    assert texts("zh-Hant").kinds(asked) == "功能偏好、行銷與個人化"


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "Full notice"), (1, "1 partner and full notice"), (12, "12 partners and full notice")],
)
def test_an_unknown_number_of_partners_is_not_called_zero(count: int, expected: str) -> None:
    assert texts("en").partners(count) == expected


def test_a_language_without_texts_reads_the_first_one() -> None:
    assert texts("tlh").locale == LOCALES[0]


def test_a_text_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        texts("en")["nonsense"]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_of_the_templates_is_there_in_every_language(locale: str) -> None:
    sources = (file.read_text("utf-8") for file in TEMPLATES.iterdir() if file.name != "notice_content.html")
    named = re.findall(r"\bt(?:\['([\w.]+)'\]|\.(?:say|rows)\('([\w.]+)')", " ".join(sources))
    used = {first or second for first, second in named}
    assert len(used) > 50
    assert used - texts(locale).keys() == set()
