from __future__ import annotations

import pytest

from gateway.enforcement.css import filtered

SHEETS: dict[str, tuple[bytes, bytes]] = {
    "bare": (b"a{b:url(//t.test/x)}", b"a{b:url(data:,)}"),
    "double quotes": (b'a{b:url( "//t.test/x" )}', b'a{b:url( "data:,")}'.replace(b'")', b'" )')),
    "single quotes": (b"a{b:url('//t.test/x')}", b'a{b:url("data:,")}'),
    "upper case": (b"a{b:URL(//t.test/x)}", b"a{b:URL(data:,)}"),
    "escapes": (b"a{b:url(https\\:\\/\\/t\\.test/x)}", b"a{b:url(data:,)}"),
    "numbered escapes": (b'a{b:url("\\2f\\00002F t.test\\/")}', b'a{b:url("data:,")}'),
    "escaped line break": (b'a{b:url("//t.\\\ntest/x")}', b'a{b:url("data:,")}'),
    "semicolon": (b"a{b:url(//t.test/x;y=1)}", b"a{b:url(data:,)}"),
    "several": (b"a{b:url(//t.test/1),url(/own),url(//t.test/2)}", b"a{b:url(data:,),url(/own),url(data:,)}"),
    "import": (b'@import "//t.test/x";', b'@import "data:,";'),
    "import without space": (b"@import'//t.test/x' screen;", b'@import"data:,"'+ b" screen;"),
    "import of an url": (b"@import url(//t.test/x);", b"@import url(data:,);"),
    "import after a comment": (b"@IMPORT/**/ '//t.test/x';", b'@IMPORT/**/ "data:,";'),
    "image set": (b"b:image-set('/a' 1x, \"//t.test/x\" 2x)", b"b:image-set('/a' 1x, \"data:,\" 2x)"),
    "image set of urls": (
        b"b:-webkit-image-set(url(/a) 1x, url('//t.test/x') 2x, '//t.test/y' type('image/png'))",
        b'b:-webkit-image-set(url(/a) 1x, url("data:,") 2x, "data:," type(\'image/png\'))',
    ),
    "font": (b"@font-face{src:url(//t.test/x)format('woff')}", b"@font-face{src:url(data:,)format('woff')}"),
    "quote left open at the end": (b'a{b:url("//t.test/x', b'a{b:url("data:,"'),
    "bracket left open at the end": (b"a{b:url(//t.test/x", b"a{b:url(data:,"),
    "what follows a string": (b'@import"//t.test/x"//t.test/y"', b'@import"data:,"/**///t.test/y"'),
    "string without url": (b"a{b:'//t.test/x'}", b"a{b:'//t.test/x'}"),
    "escaped names": (
        b"@\\69mport '//t.test/x';a{b:\\75 r\\6C('//t.test/y')}",
        b"@\\69mport \"data:,\";a{b:\\75 r\\6C(\"data:,\")}",
    ),
    "space after a number": (b"a{b:url(\\68 ttps://t.test/x)}", b"a{b:url(data:,)}"),
    "string for later": (b"a{--a:'//t.test/x';b:image-set(var(--a) 1x)}", b'a{--a:"data:,";b:image-set(var(--a) 1x)}'),
    "half of a character": (b'a{b:url("\x95\\"),url("//t.test/x")}', b'a{b:url("\x95\\"),url("data:,")}'),
    "import after a long comment": (
        b"@import/*" + b"*" * 999 + b"/'//t.test/x';",
        b"@import/*" + b"*" * 999 + b'/"data:,";',
    ),
    "backslash at the end": (b"@import '//t.test/x\\", b'@import "data:,"'),
    "comment with a quote": (b"/* don't */a{b:url(//t.test/x)}", b"/* don't */a{b:url(data:,)}"),
    "nothing": (b"a{b:c}", b"a{b:c}"),
    "empty": (b"a{b:url()}", b"a{b:url()}"),
    "broken string": (b"a{b:url('//t.test/x\n')}", b"a{b:url('//t.test/x\n')}"),
    "strange escapes": (b"a{b:url(\\0\\d800\\ffffff)}", b"a{b:url(\\0\\d800\\ffffff)}"),
}


@pytest.mark.parametrize(("sheet", "expected"), SHEETS.values(), ids=SHEETS)
def test_addresses_that_may_not_load_are_emptied(sheet: bytes, expected: bytes) -> None:
    assert filtered(sheet, lambda url, imported: "t.test/" not in url) == expected
    assert filtered(sheet, lambda url, imported: True) == sheet
    assert filtered(expected, lambda url, imported: "t.test/" not in url) == expected


def test_imports_are_told_from_images() -> None:
    seen: list[tuple[str, bool]] = []

    def note(url: str, imported: bool) -> bool:
        seen.append((url, imported))
        return True

    filtered(b"@import url(a);@import 'b';c{d:url(e)}f{g:image-set('h' 1x)}", note)
    assert sorted(seen) == [("a", True), ("b", True), ("e", False), ("h", False)]


def test_escapes_that_are_no_characters_are_replaced() -> None:
    seen: list[str] = []

    def note(url: str, imported: bool) -> bool:
        seen.append(url)
        return True

    filtered(b"url(\\0\\d800\\ffffff\\61)", note)
    assert seen == ["\ufffd\ufffd\ufffda"]


@pytest.mark.parametrize(
    "piece",
    [b"url(", b"url('", b'url("', b"@import/*", b"image-set(", b"image-set('", b"url(\\", b"@import ", b"src( ", b"("],
)
@pytest.mark.usefixtures("unmeasured")
def test_hostile_sheets_take_linear_time(piece: bytes) -> None:
    """With the square of this size it would take longer than a test may (`timeout`)."""
    filtered(piece * 500_000, lambda url, imported: False)
