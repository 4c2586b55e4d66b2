"""The streaming rewriter: bytes of a page in, bytes of the page that may be shown out.

`write` and `end` give everything that is decided so far. Bytes that need no change are the
bytes that came in; what a chunk cuts off is held back, at most `HOLD_BACK` bytes of it, and
closed beyond that. Works on any encoding that keeps ASCII bytes for ASCII (all but UTF-16
and ISO-2022-JP, which are decoded before).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.enforcement import scanner
from gateway.enforcement.attributes import StartTag, decode, escape, start_tag
from gateway.enforcement.elements import Count, Edit, edit, edit_inline, edit_map, filtered_style, runs
from gateway.enforcement.page_policy import Kind, PagePolicy
from gateway.enforcement.url import Base, locate
from gateway.model.categories import Fate

HOLD_BACK = 4 << 20
"""Bytes of one unfinished token, script or style sheet that are kept waiting for its end."""

_REMEMBERED = 4096
_REMEMBERED_LENGTH = 1024
_WAIT = -1
_LONGEST_END = 16
"""An end tag's name and the character after it fit in here."""
_HEAD_ONLY = frozenset("base basefont bgsound head html link meta noscript script style template title".split())
_RAW = frozenset("iframe noembed noframes noscript script style textarea title xmp".split())
_BREAKS_OUT = frozenset(
    """b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i iframe img li link
    listing menu meta nobr noscript ol p pre ruby s small span strong strike sub sup table textarea tt u ul var""".split()
)
_INTEGRATION = frozenset(("foreignobject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"))


def _nothing(language: str) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Injection:
    """What the gateway adds to a page: at the beginning of the body, and at its end.

    Both are asked with the page's language (`<html lang>`, "" if it names none) when their place comes.
    With `anyway` false nothing is added unless the markup shows that it is a whole document.
    """

    body: Callable[[str], bytes] = _nothing
    foot: Callable[[str], bytes] = _nothing
    anyway: bool = True


@dataclass(slots=True)
class _Buffer:
    """Bytes that wait, and what would let them go on."""

    pieces: list[bytes] = field(default_factory=list)
    size: int = 0


class HtmlRewriter:
    """One page. Not to be used again after `end`."""

    def __init__(
        self, policy: PagePolicy, injection: Injection | None = None, *, in_noscript: bool = False
    ) -> None:
        self._policy = policy
        self._page_policy = policy
        self._body = injection.body if injection else _nothing
        self._foot = injection.foot if injection else _nothing
        self._language = ""
        self._is_page = injection.anyway if injection else False
        self._before_body = injection is not None
        self._noscript = in_noscript
        self._foreign: list[str] = []
        self._raw = ""
        self._skipping = ""
        self._discarding = False
        self._rest = _Buffer()
        self._needs = b""
        self._based = False
        self._ended = False
        self.counts: Counter[Count] = Counter()
        """What was enforced in this page so far."""

    def write(self, data: bytes) -> bytes:
        """Take the next bytes of the page; give those that are decided."""
        if self._ended:
            raise ValueError("write after end")
        rest = self._rest
        if rest.pieces:
            rest.pieces.append(data)
            rest.size += len(data)
            if self._needs and self._needs not in data and rest.size <= HOLD_BACK:
                return b""
            data = b"".join(rest.pieces)
            self._rest = _Buffer()
        out: list[bytes] = []
        position = self._advance(data, out)
        if position < len(data):
            tail = data[position:]
            if len(tail) > HOLD_BACK:
                self._close(tail)
            else:
                self._rest = _Buffer([tail], len(tail))
        return b"".join(out)

    def end(self) -> bytes:
        """The page is complete: give what is left.

        A token that never ended is none for a browser either, and is passed as it is; a script or
        style sheet without its end tag is dropped.
        """
        self._ended = True
        tail = b"".join(self._rest.pieces)
        out = [self._take_body() if self._is_page and not self._skipping else b"", self._take_foot()]
        if tail and not self._skipping and not self._discarding:
            out.append(self._unfinished(tail))
        return b"".join(out)

    def _unfinished(self, tail: bytes) -> bytes:
        if self._raw or not tail.startswith(b"<"):
            return tail
        position = scanner.tag_end(tail, 0)
        if position > 0 and scanner.tag_name(tail, 0) in _RAW:
            inner = tail[position:]
            tag = start_tag(tail[:position])
            nothing = edit(tag, self._policy, self._noscript) is None
            harmless = tag.name not in ("script", "style", "noscript") or not inner
            if nothing and (harmless or self._judge_raw(tag, inner, b"") is None):
                return tail
            self.counts[Count("unknown", "unfinished", Fate.REMOVE)] += 1
            return b""
        return tail

    def _close(self, tail: bytes) -> None:
        """An endless token: nothing of it goes out, and it is counted."""
        self.counts[Count("unknown", "endless", Fate.REMOVE)] += 1
        name = scanner.tag_name(tail, 0)
        if self._raw or self._skipping:
            self._raw, self._skipping = "", self._raw or self._skipping
        elif name in _RAW and scanner.tag_end(tail, 0) > 0:
            self._skipping = name
        else:
            self._discarding = True
            return
        self._rest = _Buffer([tail[-_LONGEST_END:]], _LONGEST_END)

    def _advance(self, data: bytes, out: list[bytes]) -> int:
        """Rewrite from the start of `data`; the position from which more bytes are needed."""
        position, length = 0, len(data)
        self._needs = b""
        while position < length:
            if self._raw:
                position = self._pass_raw(data, position, out)
                if self._raw:
                    return position
            elif self._skipping:
                position = self._skip_raw(data, position)
                if self._skipping:
                    return position
            elif self._discarding:
                close = data.find(b">", position)
                if close < 0:
                    return length
                position, self._discarding = close + 1, False
            else:
                stop = self._run(data, position)
                if stop > position:
                    out.append(data[position:stop] if position or stop < length else data)
                if stop >= length:
                    return length
                position = self._stop(data, stop, out)
                if position < 0:
                    return stop
        return position

    def _run(self, data: bytes, position: int) -> int:
        if self._foreign:
            return scanner.run_foreign(data, position)
        if self._before_body:
            return scanner.run_before_body(data, position)
        return scanner.run(data, position)

    def _stop(self, data: bytes, start: int, out: list[bytes]) -> int:
        """One token that may matter; the position after it, or _WAIT."""
        second = data[start + 1 : start + 2]
        if second == b"<":
            out.append(b"<")
            return start + 1
        if second.isalpha():
            end = scanner.tag_end(data, start)
            if end < 0:
                self._needs = b">"
                return _WAIT
            return self._start_tag(data, start, end, out)
        if second == b"/" and data[start + 2 : start + 3].isalpha():
            end = scanner.tag_end(data, start)
            if end < 0:
                self._needs = b">"
                return _WAIT
            return self._end_tag(data, start, end, out)
        return self._markup(data, start, out)

    def _markup(self, data: bytes, start: int, out: list[bytes]) -> int:
        if data.startswith(b"<![CDATA[", start):
            end = data.find(b"]]>" if self._foreign else b">", start)
            end = end + (3 if self._foreign else 1) if end >= 0 else _WAIT
        else:
            end = scanner.markup_end(data, start)
        if end < 0:
            self._needs = b">" if len(data) - start > 1 else b""
            return _WAIT
        if data[start : start + 9].lower() == b"<!doctype":
            self._is_page = True
        out.append(data[start:end])
        return end

    def _end_tag(self, data: bytes, start: int, end: int, out: list[bytes]) -> int:
        name = scanner.tag_name(data, start)
        if self._foreign:
            if name in self._foreign:
                while self._foreign.pop() != name:
                    pass
            elif name in ("p", "br", "div", "body", "html", "td", "li", "a", "span", "button"):
                self._foreign.clear()
        if name in ("body", "html") and not self._foreign:
            out.append(self._take_body() if self._is_page else b"")
            out.append(self._take_foot())
        out.append(data[start:end])
        return end

    def _start_tag(self, data: bytes, start: int, end: int, out: list[bytes]) -> int:
        source = data[start:end]
        name = scanner.tag_name(source, 0)
        if self._before_body:
            if name == "html":
                self._language = start_tag(source).value("lang").strip()
            self._enter_body(name, out)
        if self._foreign and self._in_foreign(name, source):
            return self._foreign_tag(name, source, data, end, out)
        if name in _RAW:
            return self._raw_element(name, source, data, end, out)
        change = self._judged(name, source)
        result = source if change is None else change.output
        out.append(result)
        self._count(change)
        if name == "body" and self._before_body:
            self._before_body = False
            out.append(self._take_body())
        if name == "base" and change is None:
            self._rebase(source)
        if name in ("svg", "math") and not source.endswith(b"/>"):
            self._foreign.append(name)
        elif name == "plaintext":
            self._raw = name
        elif change is not None and change.skip:
            return self._skip_element(name, data, end)
        return end

    def _judged(self, name: str, source: bytes) -> Edit | None:
        """The edit for a start tag, remembered per policy for short ones."""
        remembered = self._policy.tags
        key = (self._noscript, source)
        if key in remembered:
            return remembered[key]  # type: ignore[return-value]
        change = edit(start_tag(source), self._policy, self._noscript)
        if len(source) <= _REMEMBERED_LENGTH:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            remembered[key] = change
        return change

    def _count(self, change: Edit | None) -> None:
        if change is not None:
            for count in change.counts:
                self.counts[count] += 1

    def _enter_body(self, name: str, out: list[bytes]) -> None:
        if name in ("html", "head", "body", "title", "meta"):
            self._is_page = True
        if name == "frameset":
            self._before_body, self._body, self._foot = False, _nothing, _nothing
        elif name not in _HEAD_ONLY and name != "body":
            self._before_body = False
            if self._is_page:
                out.append(self._take_body())

    def _take_body(self) -> bytes:
        taken, self._body = self._body, _nothing
        return taken(self._language)

    def _take_foot(self) -> bytes:
        if not self._is_page:
            return b""
        taken, self._foot = self._foot, _nothing
        return taken(self._language)

    def _rebase(self, source: bytes) -> None:
        """The first `base` with an address decides for the rest of the page (HTML 4.2.3)."""
        href = start_tag(source).value("href")
        if self._based or not href:
            return
        self._based = True
        page = self._page_policy.page
        target = locate(href, page)
        if target is not None and target != (page.host, page.path):
            self._policy = self._page_policy.under(
                Base(page.scheme, target.host, target.path.partition("?")[0].rpartition("/")[0] + "/")
            )

    # Foreign content (HTML 13.2.6.5): there is no raw text in SVG and MathML.

    def _in_foreign(self, name: str, source: bytes) -> bool:
        if self._foreign[-1] in _INTEGRATION and name not in ("svg", "math"):
            return False
        if name in _BREAKS_OUT:
            self._foreign.clear()
            return False
        return True

    def _foreign_tag(self, name: str, source: bytes, data: bytes, end: int, out: list[bytes]) -> int:
        closed = source.endswith(b"/>")
        if name in ("script", "style") and not closed:
            return self._foreign_text(name, source, data, end, out)
        change = self._judged(name, source)
        self._count(change)
        out.append(source if change is None else change.output)
        if not closed and (name in ("svg", "math") or name in _INTEGRATION):
            self._foreign.append(name)
        return end

    def _foreign_text(self, name: str, source: bytes, data: bytes, end: int, out: list[bytes]) -> int:
        """A script or style inside SVG: its text is judged as far as the end tag, then read as markup."""
        close = data.find(b"</", end)
        while close >= 0 and scanner.tag_name(data, close) != name:
            close = data.find(b"</", close + 2)
        if close < 0 or scanner.tag_end(data, close) < 0:
            self._needs = b">"
            return _WAIT
        after = scanner.tag_end(data, close)
        tag, inner = start_tag(source), data[end:close]
        change = edit(tag, self._policy, self._noscript) or self._judge_raw(tag, inner, data[close:after])
        if change is None:
            out.append(source)
            return end
        self._count(change)
        out.append(change.output if change.skip or name == "style" else change.output + inner + data[close:after])
        return after

    # Elements whose content is text for the tokenizer (13.2.5.2–4).

    def _raw_element(self, name: str, source: bytes, data: bytes, end: int, out: list[bytes]) -> int:
        change = self._judged(name, source)
        if change is not None and change.skip:
            self._count(change)
            out.append(change.output)
            return self._skip_element(name, data, end)
        if name == "iframe":
            return self._frame(source, change, end, out)
        if name in ("script", "style", "noscript") and not (name == "script" and self._external(source)):
            return self._judged_content(name, source, change, data, end, out)
        self._count(change)
        out.append(source if change is None else change.output)
        self._raw = name
        return end

    @staticmethod
    def _external(source: bytes) -> bool:
        return b"src" in source.lower() and start_tag(source).value("src").strip() != ""

    def _judged_content(
        self, name: str, source: bytes, change: Edit | None, data: bytes, end: int, out: list[bytes]
    ) -> int:
        close = scanner.raw_text_end(name, data, end)
        after = scanner.tag_end(data, close) if close >= 0 else _WAIT
        if after < 0:
            self._needs = b">"
            return _WAIT
        inner, last = data[end:close], data[close:after]
        tag = start_tag(source)
        judged = None if change is not None and name == "script" else self._judge_raw(tag, inner, last)
        self._count(change)
        self._count(judged)
        if judged is None:
            out += (source if change is None else change.output, inner, last)
        elif judged.skip or name != "script":
            out.append(judged.output)
        else:
            out += (judged.output, inner, last)
        return after

    def _judge_raw(self, tag: StartTag, inner: bytes, last: bytes) -> Edit | None:
        """The verdict on the text of a script, style or noscript element."""
        if tag.name == "script":
            if runs(tag):
                return edit_inline(tag, inner, self._policy)
            kind = tag.value("type").strip().lower()
            return edit_map(tag, inner, self._policy) if kind in ("importmap", "speculationrules") else None
        if tag.name == "style":
            text, counts = filtered_style(inner, self._policy)
            return Edit(tag.source + text + last, False, tuple(counts)) if counts else None
        nested = HtmlRewriter(self._policy, in_noscript=True)
        text = nested.write(inner) + nested.end()
        self.counts.update(nested.counts)
        return Edit(tag.source + text + last) if text != inner else None

    def _frame(self, source: bytes, change: Edit | None, end: int, out: list[bytes]) -> int:
        self._count(change)
        result = source if change is None else change.output
        tag = start_tag(result)
        if tag.has("srcdoc"):
            document = tag.value("srcdoc").encode("utf-8", "surrogateescape")
            nested = HtmlRewriter(self._policy)
            rewritten = nested.write(document) + nested.end()
            if rewritten != document:
                self.counts.update(nested.counts)
                result = tag.edited({"srcdoc": b'srcdoc="' + escape(rewritten.decode("utf-8", "surrogateescape")) + b'"'})
        out.append(result)
        self._raw = "iframe"
        return end

    def _pass_raw(self, data: bytes, position: int, out: list[bytes]) -> int:
        """Text that is passed as it is, up to its end tag."""
        if self._raw == "plaintext":
            out.append(data[position:])
            return len(data)
        close = scanner.raw_text_end(self._raw, data, position)
        if close < 0:
            safe = self._raw_until(self._raw, data, position)
            out.append(data[position:safe])
            return safe
        end = scanner.tag_end(data, close)
        if end < 0:
            out.append(data[position:close])
            self._needs = b">"
            return close
        self._raw = ""
        out.append(data[position:end])
        return end

    def _skip_raw(self, data: bytes, position: int) -> int:
        close = scanner.raw_text_end(self._skipping, data, position)
        if close < 0:
            return self._raw_until(self._skipping, data, position)
        end = scanner.tag_end(data, close)
        if end < 0:
            self._needs = b">"
            return close
        self._skipping = ""
        return end

    def _raw_until(self, name: str, data: bytes, position: int) -> int:
        """How far raw text without an end tag is settled: what could be the start of one waits.

        A script may be escaped from its first byte on, so none of it is settled before its end.
        """
        if name == "script":
            self._needs = b">"
            return position
        last = data.rfind(b"<", max(position, len(data) - _LONGEST_END))
        return last if last >= 0 else len(data)

    def _skip_element(self, name: str, data: bytes, end: int) -> int:
        if name in _RAW:
            self._skipping = name
        return end


__all__ = ["HOLD_BACK", "HtmlRewriter", "Injection", "Kind", "decode"]
