from __future__ import annotations

from gateway.enforcement.edit import Count
from gateway.enforcement.style_sheets import filtered_style, judge_data_sheet
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

REMOVE = policy(Fate.REMOVE)


def test_what_may_not_load_is_emptied_and_counted() -> None:
    sheet, counts = filtered_style(b"@import '//counter.test/s'; a { background: url(//x.test/a.png) }", REMOVE)
    assert sheet == b'@import "data:,"; a { background: url(//x.test/a.png) }'
    assert counts == [Count("counter", "style", Fate.REMOVE)]


def test_sheets_within_sheets_are_read_as_deep_as_is_sane() -> None:
    sheet = "@import '//counter.test/s'"
    for _ in range(3):
        sheet = f"@import 'data:text/css,{sheet.replace('%', '%25').replace(chr(39), '%27')}'"
        assert filtered_style(sheet.encode(), REMOVE)[1]
        assert judge_data_sheet(f"data:text/css,{sheet.replace('%', '%25')}", REMOVE).fate is Fate.REMOVE
    assert filtered_style(b"@import 'data:text/css,a{}'", REMOVE)[1] == []


def test_one_that_is_too_deep_does_not_load() -> None:
    sheet = "a{}"
    for _ in range(6):
        sheet = f"@import 'data:text/css,{sheet.replace('%', '%25').replace(chr(39), '%27')}'"
    assert filtered_style(sheet.encode(), REMOVE)[1]
