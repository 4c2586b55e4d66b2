"""What the texts of a language must have, and what may not be in them (R-98).

A language is one file. The words that only the notice uses may be left out: the notice is written in two languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Final

_NOTICE: Final = ("notice.", "why.", "code.", "data.", "period.", "where", "whom", "method", "right.", "region.")
_EVERYWHERE: Final = frozenset(
    f"notice.{name}"
    for name in (
        *("title", "language", "gap", "old", "old.link", "lost", "log", "log.material", "unknown"),
        *("service", "vendor", "policy", "breaks", "providers", "cookies", "cookie", "lifetime", "days", "session"),
        *("separate", "rev", "rights.kept"),
    )
)

# Praise, fear, reward and pleading, language by language; a text in one language is read with the list of all.
BANNED: Final = re.compile(
    "無法享受|完全無法使用|最佳體驗|更好的體驗|優惠碼|折扣|免費|推薦您同意|建議您同意|感謝|只要|請放心|我們重視"
    "|best experience|better experience|we value|we care|recommended|discount|free shipping|sorry"
    "|unfortunately|please accept|miss out|enjoy|thank"
    "|最高の体験|より良い体験|快適に|割引|無料|お得|同意をお勧め|ありがとう|残念|大切に|ご安心"
    "|최고의 경험|더 나은 경험|할인|무료|동의를 권장|감사합니다|아쉽|안심|소중"
    "|trải nghiệm tốt|giảm giá|miễn phí|khuyên quý khách đồng ý|cảm ơn|rất tiếc|yên tâm|trân trọng"
    "|pengalaman terbaik|pengalaman yang lebih baik|diskon|gratis|sebaiknya setuju|terima kasih|sayang sekali|tenang"
    "|ประสบการณ์ที่ดี|ส่วนลด|ฟรี|แนะนำให้ยินยอม|ขอบคุณ|เสียใจ|วางใจ|ให้ความสำคัญ",
    re.IGNORECASE,
)


def faults(table: Mapping[str, object], model: Mapping[str, object], *, whole: bool) -> list[str]:
    """All that is wrong with a language's `table`, in words; the `model` has every key and all braces.

    With `whole` the words of the notice are wanted as well.
    """
    lines = (fault for key in table if key in model for fault in _line(key, table, model))
    return [*_keys(table, model, whole), *lines]


def _keys(table: Mapping[str, object], model: Mapping[str, object], whole: bool) -> Iterator[str]:
    for key in model:
        if key not in table and (whole or not key.startswith(_NOTICE) or key in _EVERYWHERE):
            yield f"{key}: missing"
    for key in table:
        if key not in model:
            yield f"{key}: no text of that name"


def _line(key: str, table: Mapping[str, object], model: Mapping[str, object]) -> Iterator[str]:
    text, expected = table[key], model[key]
    if _shape(text) != _shape(expected):
        yield f"{key}: expected {_shape(expected)}"
        return
    words = _words(text)
    if not words.strip() and key not in ("gap", "stop"):
        yield f"{key}: empty"
    if _braces(words) != _braces(_words(expected)):
        yield f"{key}: expected the braces {sorted(_braces(_words(expected)))}"
    if banned := BANNED.search(words):
        yield f"{key}: banned word {banned[0]!r}"


def _shape(text: object) -> str:
    return f"{len(text)} rows" if isinstance(text, list) else "a text"


def _words(text: object) -> str:
    return " ".join(" ".join(row) for row in text) if isinstance(text, list) else str(text)


def _braces(line: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(line) if name}
