"""Pages in every charset whose trackers hide, or seem to, in what the charset makes of the bytes."""

from __future__ import annotations

from typing import NamedTuple

from tests.golden.vectors import label

IMAGE = "<img src='//{}/i'>"


class Encoded(NamedTuple):
    """A page as the shop sends it; `live`: Chromium reads the tracker's address in it."""

    content_type: str
    body: bytes
    live: bool = True


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isalpha() and c.isascii() else c for c in text)


def pages(domain: str) -> dict[str, Encoded]:
    """All pages, by name, each with a host of its own below `domain`."""
    found: dict[str, Encoded] = {}

    def add(name: str, charset: str, *parts: str | bytes, codec: str = "", live: bool = True) -> None:
        """`parts` are text, `{}` for the host, in the codec of the charset, or bytes."""
        host = f"{label(name)}.{domain}"
        encoded = (part if isinstance(part, bytes) else part.encode(codec or charset) for part in parts)
        place = b"{}" if isinstance(parts[-1], bytes) else "{}".encode(codec or charset)
        body = b"".join(encoded).replace(place, host.encode("ascii" if place == b"{}" else codec or charset))
        kind = f"text/html; charset={charset}" if charset else "text/html"
        found[name] = Encoded(kind, body, live)

    for charset, text in LEGACY.items():
        add(f"{charset} text", charset, f"<p title='{text}'>{text}", IMAGE)
        add(f"{charset} meta", "", f"<meta charset={charset}><p title='{text}'>{text}", IMAGE, codec=charset)
    for charset, lead in LEADS.items():
        add(f"{charset} lead before a tag", charset, lead, b"<img src='//{}/i'>")
        add(f"{charset} lead before a quote", charset, b"<img alt='" + lead + b"' src='//{}/i'>")
        add(f"{charset} lead before a bracket", charset, b"<p title=" + lead + b"><img src='//{}/i'>")
        add(f"{charset} lead before a name", charset, b"<img " + lead + b"src='//{}/i'>", live=False)
        add(f"{charset} lead before an address", charset, b"<img src='" + lead + b"//{}/i'>", live=False)
        add(f"{charset} full-width host", charset, "<img src='//" + "{}'>")
        wide = _wide(f"{label(f'{charset} full-width host')}.{domain}")
        found[f"{charset} full-width host"] = Encoded(
            f"text/html; charset={charset}", f"<img src='//{wide}/i'>".encode(charset)
        )
    add("shift_jis backslash in css", "shift_jis", b"<b style='background:url(\"\x95\\\"),url(\"//{}/i\")'>a</b>")
    add("shift_jis backslash in a script", "shift_jis", b"<script>a='\x95\\';new Image().src='//{}/i.gif'</script>")
    add("big5 backslash in css", "big5", b"<b style='background:url(\"\xa5\\\"),url(\"//{}/i\")'>a</b>")
    add("gb18030 four bytes", "gb18030", b"\x81\x30\x81<img src='//{}/i'>")
    add("gb18030 four bytes in a value", "gb18030", b"<img alt='\x81\x30\x81' src='//{}/i'>")
    add("euc-jp three bytes", "euc-jp", b"<img alt='\x8f\xa1' src='//{}/i'>")
    add("euc-tw", "x-euc-tw", b"<p title='\xa4\xa4'>", IMAGE, codec="ascii")
    add("utf-16le", "utf-16le", "<p>店", IMAGE)
    add("utf-16be", "utf-16be", "<p>店", IMAGE)
    add("utf-16 mark", "", b"\xff\xfe", "<p>店" + IMAGE, codec="utf-16-le")
    add("utf-16 mark against the header", "utf-8", b"\xfe\xff", "<p>店" + IMAGE, codec="utf-16-be")
    add("utf-16 without a word", "", "<!doctype html><html><head><title>a</title><p>" + IMAGE * 9, codec="utf-16-le", live=False)  # noqa: E501
    add("utf-16 by meta", "", "<meta charset=utf-16><p>店" + IMAGE, codec="utf-8")
    add("utf-7", "utf-7", b"+ADw-img src=//{}/i+AD4-", live=False)
    add("utf-7 by meta", "", b"<meta charset=utf-7>+ADw-img src=//{}/i+AD4-", live=False)
    add("utf-8 against meta", "utf-8", b"<meta charset=big5>\xa5<img src='//{}/i'>")
    add("latin against bytes", "windows-1252", "<p title='店'>" + IMAGE, codec="utf-8")
    add("replacement", "hz-gb-2312", b"<img src='//{}/i'>", live=False)
    add("replacement of korean", "iso-2022-kr", b"\x1b$)C<img src='//{}/i'>", live=False)
    comment = b"\x1b$B<!--\x1b(B<img src='//{}/i'>"
    add("iso-2022-jp", "iso-2022-jp", "<p>日本", IMAGE)
    add("iso-2022-jp seeming comment", "iso-2022-jp", comment)
    add("iso-2022-jp by meta", "", b"<meta charset=iso-2022-jp>" + comment)
    add("iso-2022-jp after a label unknown", "utf-7", b"<meta charset=iso-2022-jp>" + comment)
    add("iso-2022-jp after a meta unknown", "", b"<meta charset=foo><meta charset=iso-2022-jp>" + comment)
    late = b"<title>a</title><meta name=a content='" + b"a" * 1500 + b"'><meta charset=iso-2022-jp>"
    add("iso-2022-jp late", "", late + comment)
    add("iso-2022-jp very late", "", late.replace(b"aaa", b"a" * 200) + comment)
    add("iso-2022-jp guessed", "", "<p>" + "日本の店のお茶です。" * 40, comment, codec="iso-2022-jp", live=False)
    return found


LEGACY = {
    "big5": "功許蓋",
    "shift_jis": "表ソ能十",
    "euc-jp": "日本",
    "euc-kr": "한국",
    "gbk": "國店",
    "gb18030": "店€ß",
    "windows-1251": "магазин",
    "windows-1252": "café",
    "iso-8859-2": "łódź",
    "koi8-r": "магазин",
}
LEADS = {
    "big5": b"\xa5",
    "shift_jis": b"\x83",
    "gbk": b"\x81",
    "gb18030": b"\x81",
    "euc-jp": b"\xa4",
    "euc-kr": b"\xb0",
}
