from __future__ import annotations

import pytest

from gateway.enforcement.raw_text import RawText

ENDS = {
    "title": ("title", b"a</b></titles></TITLE >", 14),
    "space": ("style", b"</style\n>", 0),
    "slash": ("xmp", b"</xmp/>", 0),
    "not complete": ("title", b"a</title", -1),
    "script": ("script", b"'<b></b>'</script>", 9),
    "escaped": ("script", b"<!-- </script>", 5),
    "double escaped": ("script", b"<!-- <script> </script> </script>", 24),
    "double escaped to the end": ("script", b"<!-- <script> </script>", -1),
    "escape ended": ("script", b"<!-- <script> --> </script>", 18),
    "dashes that open and close": ("script", b"<!--><script></script>", 13),
    "longer dashes that open and close": ("script", b"<!---><script></script>", 14),
    "script tag outside an escape": ("script", b"<script></script>", 8),
    "not a script tag": ("script", b"<!--<scripts></script>", 13),
    "two tags in a row": ("script", b"<!--<script/</script/</script>", 21),
    "plaintext": ("plaintext", b"</plaintext>", -1),
}


@pytest.mark.parametrize(("name", "content", "end"), ENDS.values(), ids=ENDS)
def test_the_end_tag_is_found_whole_and_in_pieces(name: str, content: bytes, end: int) -> None:
    assert RawText(name).find(content, 0) == end
    assert RawText(name).find(b"12345" + content, 5) == (end + 5 if end >= 0 else -1)
    pieces = RawText(name)
    found = [pieces.find(content[:size], 0) for size in range(1, len(content) + 1)]
    assert found[-1] == end
    assert set(found) <= {-1, end}


@pytest.mark.parametrize(("name", "content", "end"), ENDS.values(), ids=ENDS)
def test_what_is_settled_can_be_taken_off(name: str, content: bytes, end: int) -> None:
    raw, taken, held = RawText(name), 0, b""
    for byte in content:
        held += bytes([byte])
        if raw.find(held, 0) < 0:
            count = raw.forget()
            taken, held = taken + count, held[count:]
            assert len(held) <= len(name) + 3
    found = raw.find(held, 0)
    assert (taken + found if found >= 0 else -1) == end
