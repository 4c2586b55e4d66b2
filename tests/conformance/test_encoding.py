"""html5lib's tests of the prescan: which encoding the first kilobyte of a page declares."""

from __future__ import annotations

import codecs
from collections.abc import Callable

import pytest

from gateway.enforcement.charset import PRESCAN_BYTES, meta_charset, needs_decoding
from tests.conformance.reference import REFERENCE, needs_reference

pytestmark = [pytest.mark.corpus, needs_reference]

DEFAULT = "windows-1252"
"""What a browser takes where a page declares nothing; the rewriter reads such pages byte for byte."""
OTHER_NAMES = {
    "iso-8859-1": DEFAULT,
    "iso8859-1": DEFAULT,
    "ascii": DEFAULT,
    "latin1": DEFAULT,
    "iso-8859-9": "windows-1254",
    "x-sjis": "shift_jis",
    "shift_jis": "cp932",
    "gb2312": "gbk",
    "utf-16": "utf-8",
    "utf-16be": "utf-8",
    "utf-16le": "utf-8",
    "euc-kr": "cp949",
    "": DEFAULT,
}


def cases() -> list[tuple[bytes, str]]:
    found = []
    for path in sorted(REFERENCE.glob("html5lib-tests/encoding/**/*.dat")):
        for case in path.read_bytes().split(b"#data\n")[1:]:
            data, _, encoding = case.partition(b"\n#encoding\n")
            found.append((data, encoding.split(b"\n")[0].decode()))
    return found


def canonical(label: str) -> str:
    label = label.lower()
    while label in OTHER_NAMES and OTHER_NAMES[label] != label:
        label = OTHER_NAMES[label]
    return codecs.lookup(label).name


def test_the_prescan_finds_what_the_tests_say(say: Callable[[str], None]) -> None:
    passed, failed, beyond = 0, [], 0
    for data, encoding in cases():
        got = canonical("utf-8" if data.startswith(codecs.BOM_UTF8) else meta_charset(data).decode("latin-1"))
        if got == canonical(encoding):
            passed += 1
        elif len(data) > PRESCAN_BYTES or b"<script>" in data:
            beyond += 1  # found by the parser later on, or written by a script: Undeclared stands guard
        else:
            failed.append((data, encoding, got))
    say(f"{passed} of {len(cases())} html5lib encoding tests passed, {beyond} declare beyond the prescan")
    assert not failed, failed[:10]
    assert passed > 70
    assert all(needs_decoding(b"", data) is None for data, encoding in cases() if "2022" not in encoding)
