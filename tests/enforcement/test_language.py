"""The language a visitor reads: page, then browser, then configuration."""

from __future__ import annotations

import pytest

from gateway.enforcement.language import LOCALES, MAX_RANGES, NOTICE_LOCALES, choose, notice_locale


@pytest.mark.parametrize(
    ("html_lang", "accept", "default", "expected"),
    [
        pytest.param("en", "zh-TW", "zh-Hant", "en", id="the page's own language wins"),
        pytest.param("zh-TW", "en", "en", "zh-Hant", id="Taiwan"),
        pytest.param("zh-Hans-CN", "en", "en", "zh-Hant", id="every Chinese tag reads the one Chinese text"),
        pytest.param("ZH_hk", "en", "en", "zh-Hant", id="case and underscore"),
        pytest.param(" en-GB ", "zh", "zh-Hant", "en", id="spaces around the tag"),
        pytest.param("fi", "en;q=0.5", "zh-Hant", "en", id="a page language we lack falls to the browser's"),
        pytest.param(None, "fi, zh;q=0.2, en;q=0.9", "zh-Hant", "en", id="highest quality"),
        pytest.param("ja-JP", "en", "en", "ja", id="Japanese"),
        pytest.param(None, "ko-KR,ko;q=0.9,en;q=0.8", "en", "ko", id="Korean"),
        pytest.param("vi", "en", "en", "vi", id="Vietnamese"),
        pytest.param("", "id-ID,en;q=0.5", "en", "id", id="Indonesian"),
        pytest.param("fi", "fi", "th", "th", id="Thai, configured"),
        pytest.param(None, "zh, en", "en", "zh-Hant", id="the earlier among equals"),
        pytest.param(None, "en;q=0, zh;q=0.1", "en", "zh-Hant", id="quality 0 means not wanted"),
        pytest.param(None, "en; q = 0.3 ,zh;q=0.2", "zh-Hant", "en", id="odd spacing"),
        pytest.param(None, "en;q=high, zh;q=0.1", "en", "zh-Hant", id="unreadable quality"),
        pytest.param(None, "en;q=², zh;q=0.1", "en", "zh-Hant", id="a digit that is no number"),
        pytest.param(None, "en;q=1.1.1, zh;q=0.1", "en", "zh-Hant", id="two points"),
        pytest.param(None, "en;q=., zh;q=0.1", "en", "zh-Hant", id="only a point"),
        pytest.param(None, "en;level=1, zh;q=0.1", "en", "zh-Hant", id="another parameter"),
        pytest.param(None, "en;q=9, zh", "zh-Hant", "en", id="a quality over 1 counts as 1"),
        pytest.param(None, "*", "en", "en", id="a star leaves it to the configuration"),
        pytest.param(None, "", "en", "en", id="nothing said"),
        pytest.param("english", "enx", "zh-Hant", "zh-Hant", id="words that only begin like a tag"),
        pytest.param("", "", "tlh", LOCALES[0], id="a configured language we lack"),
    ],
)
def test_the_language_is_chosen(html_lang: str | None, accept: str, default: str, expected: str) -> None:
    assert choose(html_lang, accept, default) == expected


def test_a_very_long_header_is_read_only_in_part() -> None:
    padding = "xx," * MAX_RANGES
    assert choose(None, f"{padding}en", "zh-Hant") == "zh-Hant"


def test_the_notice_is_read_in_ones_own_language_or_in_english() -> None:
    assert {locale: notice_locale(locale) for locale in ("zh-Hant", "en", "th", "ja")} == {
        "zh-Hant": "zh-Hant",
        "en": "en",
        "th": "en",
        "ja": "en",
    }
    assert LOCALES[:2] == NOTICE_LOCALES
