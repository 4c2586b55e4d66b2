"""The streaming rewriter: bytes of a page in, bytes of the page that may be shown out.

`write` and `end` give everything that is decided so far. Bytes that need no change are the
bytes that came in; what a chunk cuts off is held back, at most `HOLD_BACK` bytes of it, and
closed beyond that. Works on any encoding that keeps ASCII bytes for ASCII (all but UTF-16
and ISO-2022-JP, which are decoded before).
"""

from __future__ import annotations

import enum
import re
from collections import Counter

from gateway.enforcement import scanner
from gateway.enforcement.attributes import StartTag, encode, escape, start_tag
from gateway.enforcement.edit import Count, Edit
from gateway.enforcement.elements import edit, edit_content
from gateway.enforcement.foreign import ForeignContent
from gateway.enforcement.injection import Injection, Placement
from gateway.enforcement.inline import script_of_data_url
from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.passages import OVERHEAD
from gateway.enforcement.raw_text import ELEMENTS, RawText
from gateway.enforcement.recorder import Recorder
from gateway.model.categories import Fate

__all__ = ["HOLD_BACK", "HtmlRewriter", "Injection"]

HOLD_BACK = 4 << 20
"""Bytes of one unfinished token, script or style sheet that are kept waiting for its end."""

_JUDGED = frozenset(("noscript", "script", "style"))
_REMEMBERED_LENGTH = 1024
_OF_A_NAME = 128
_OF_A_TAG = 8
"""Bytes kept for each of a start tag: its attributes are objects of their own."""
_WAIT = -1
_PATIENCE = 64
"""A long token is looked at again when it has grown by this fraction of it: small pieces stay linear."""
_DEEPEST = 8
"""How many documents may stand inside each other (`srcdoc`, `noscript`)."""
_DOCUMENTS = frozenset(("embed", "frame", "object"))
"""Elements besides `iframe` whose address may hold a document."""
_WITH_CONTENT = ELEMENTS | _DOCUMENTS
_ALWAYS_SEEN = ELEMENTS | {"base", "body", "head", "html", "math", "select", "svg"}
"""Elements that change how the rest is read, or next to which something of ours stands."""
_LESS_THAN_SIGNS = re.compile(rb"<+(?=<)")
_BOM_BEGUN = (b"\xef", b"\xef\xbb")


class _Mode(enum.Enum):
    """What becomes of raw text: passed, dropped, or held until all of it can be judged."""

    PASS = enum.auto()
    SKIP = enum.auto()
    JUDGE = enum.auto()


class HtmlRewriter:
    """One page. Not to be used again after `end`."""

    def __init__(
        self,
        policy: PagePolicy,
        injection: Injection | None = None,
        *,
        in_noscript: bool = False,
        depth: int = 0,
    ) -> None:
        self._policy = policy
        self._passed = policy.remembered.passed[in_noscript]
        self._place = Placement(injection)
        self._noscript = in_noscript
        self._depth = depth
        self._foreign = ForeignContent()
        self._raw: RawText | None = None
        self._mode = _Mode.PASS
        self._tag: StartTag | None = None
        self._selecting = False
        self._until = b""
        self._rest = bytearray()
        self._again = 0
        self._closable = False
        self._after_less = False
        self._texts: Counter[str] = Counter()  # scripts and style sheets of SVG that stand inside each other
        self._based = False
        self._begun = False
        self._ended = False
        self.counts: Counter[Count] = Counter()
        """What was enforced in this page so far."""
        self.met: Counter[str] = Counter()
        """The third parties of this page that nobody knows, and how often each was met."""
        self._meets = False
        self._taken = 0
        self._recorder = None if depth else Recorder(policy.remembered, self._place, self.counts, self.met)

    def write(self, data: bytes) -> bytes:
        """Take the next bytes of the page; give those that are decided."""
        if self._ended:
            raise ValueError("write after end")
        if self._rest:
            self._rest += data
            if self._waits(data):
                return b""
            data = bytes(self._rest)
            self._rest = bytearray()
        out: list[bytes] = []
        self._taken = self._advance(data, out)
        tail = data[self._taken :]
        if len(tail) > HOLD_BACK:
            tail = self._close(tail)
            self._part(out, len(out))
        self._rest += tail
        return b"".join(out)

    def end(self) -> bytes:
        """The page is complete: give what is left.

        A tag or comment that never ended is none for a browser either, and is passed as it is; a script
        or style sheet without its end tag is judged as far as it came.
        """
        self._ended = True
        out: list[bytes] = []
        data = bytes(self._rest)
        tail = data[self._advance(data, out) :]
        if self._begun:
            out.append(self._place.rest())
        if self._raw is not None:
            self._close_raw(tail, b"", out)
        elif not self._until:
            out.append(tail)
        return b"".join(out)

    def _waits(self, data: bytes) -> bool:
        """Whether what is held back is surely still undecided now that `data` has been added to it."""
        if len(self._rest) > HOLD_BACK:
            return False
        if self._raw is not None and self._mode is _Mode.JUDGE and self._raw.find(self._rest, 0) < 0:
            return True
        self._closable = self._closable or b">" in data
        return self._again > 0 and (not self._closable or len(self._rest) < self._again)

    def _close(self, tail: bytes) -> bytes:
        """An endless token: nothing of it goes out, and it is counted. What has to be kept of it."""
        self.counts[Count("unknown", "endless", Fate.REMOVE)] += 1
        if self._recorder is not None:
            self._recorder.lose()
        if self._raw is not None:
            self._mode = _Mode.SKIP
            return tail[self._raw.forget() :][-HOLD_BACK:]
        if tail.startswith(b"<!--"):
            self._until = b"-->"
        else:
            self._until = b"]]>" if tail.startswith(b"<![CDATA[") and self._foreign.here else b">"
        return tail[len(tail) - len(self._until) + 1 :]

    def _advance(self, data: bytes, out: list[bytes]) -> int:
        """Rewrite from the start of `data`; the position from which more bytes are needed."""
        position, length = 0, len(data)
        self._again, self._closable = 0, False
        self._begun = self._begun or length > 0
        recorder = self._recorder
        if recorder is not None:
            recorder.goes_on(data, self._taken)
        while position < length:
            if recorder is not None and (position >= recorder.limit or self._place.changed) and self._calm:
                self._place.changed = False
                position = recorder.follow(data, position, out)
                if position >= length:
                    return length
            size = len(out)
            if self._raw is not None:
                after = self._raw_text(self._raw, data, position, out)
                if after < 0:
                    return self._settle(self._raw, data, position, out)
                position = after
            elif self._until:
                close = data.find(self._until, position)
                if close < 0:
                    return max(position, length - len(self._until) + 1)
                position, self._until = close + len(self._until), b""
            else:
                limit = length if recorder is None or recorder.limit <= position else recorder.limit
                stop = self._run(data, position, limit)
                if stop > position:
                    out.append(data[position:stop] if position or stop < length else data)
                    self._after_less = False
                    size = len(out)
                if stop >= limit:
                    position = stop
                    continue
                if recorder is not None and recorder.records and self._calm:
                    recorder.pause(data, stop, out)
                position = self._stop(data, stop, out)
                if position < 0:
                    self._look_again(length - stop)
                    return stop
                if data[position - 1] == 0x3C:
                    self._after_less = True
                    continue
            if self._after_less:
                self._part(out, size)
        return position

    def _part(self, out: list[bytes], size: int) -> None:
        """Where a token was taken out behind a "<" that began nothing, what follows must not become its tag."""
        if any(out[size:]):
            self._after_less = False
        elif self._after_less and not (self._raw is not None and self._mode is _Mode.JUDGE):
            out.append(b" ")
            self._after_less = False

    def _look_again(self, size: int) -> None:
        self._again = size + size // _PATIENCE

    @property
    def _calm(self) -> bool:
        """Whether nothing but what is put in and the policy decides how the page goes on."""
        return not (
            self._raw is not None
            or self._until
            or self._foreign
            or self._foreign.doubtful
            or self._selecting
            or self._after_less
            or self._texts
        )

    def _run(self, data: bytes, position: int, limit: int) -> int:
        if self._foreign:
            return scanner.run_foreign(data, position, limit)
        if self._place.before_body:
            return scanner.run_before_body(data, position, limit)
        if self._passed and not self._foreign.doubtful:
            return scanner.run_over(data, position, limit, self._passed)
        return scanner.run(data, position, limit)

    def _stop(self, data: bytes, start: int, out: list[bytes]) -> int:
        """One token that may matter; the position after it, or _WAIT."""
        second = data[start + 1 : start + 2]
        if data[start] != 0x3C:
            return self._text(data, start, out)
        if second.isalpha():
            end = scanner.tag_end(data, start)
            return _WAIT if end < 0 else self._start_tag(data, start, end, out)
        if second == b"/" and data[start + 2 : start + 3].isalpha():
            end = scanner.tag_end(data, start)
            return _WAIT if end < 0 else self._end_tag(data[start:end], end, out)
        if second in (b"!", b"/", b"?"):
            return self._markup(data, start, out)
        return self._text(data, start, out)

    def _markup(self, data: bytes, start: int, out: list[bytes]) -> int:
        """A comment, declaration or CDATA section."""
        if data.startswith(b"<![CDATA[", start) and self._foreign.here:
            end = data.find(b"]]>", start)
            end = end + 3 if end >= 0 else _WAIT
        else:
            end = scanner.markup_end(data, start)
        if end < 0:
            return _WAIT
        if data[start : start + 9].lower() == b"<!doctype":
            self._place.doctype()
        out.append(data[start:end])
        return end

    def _text(self, data: bytes, start: int, out: list[bytes]) -> int:
        """Text where the body has not begun, or a "<" that begins nothing."""
        if len(data) - start < 3 and data[start:] in (b"<", *_BOM_BEGUN):
            return _WAIT
        if self._place.before_body:
            out.append(self._place.text())
        signs = _LESS_THAN_SIGNS.match(data, start)
        end = signs.end() if signs else data.find(b"<", start + 1)
        end = end if end >= 0 else len(data)
        out.append(data[start:end])
        return end

    def _end_tag(self, source: bytes, end: int, out: list[bytes]) -> int:
        name = scanner.tag_name(source, 0)
        if self._foreign:
            self._texts.pop(name, None)
            self._foreign.end(name)
        elif name == "select":
            self._selecting = False
        if not self._foreign:
            out.append(self._place.end(name))
        out.append(source)
        return end

    def _start_tag(self, data: bytes, start: int, end: int, out: list[bytes]) -> int:
        source = data[start:end]
        name = scanner.tag_name(source, 0)
        if self._place.before_body:
            if name == "html":
                self._place.language = start_tag(source).value("lang").strip()
            out.append(self._place.start(name))
        foreign = leaves = False
        if self._foreign or name in ("svg", "math"):
            left = self._foreign.no_html
            if name in ("script", "style") and self._foreign.no_html and not source.endswith(b"/>"):
                return self._foreign_text(name, data, start, end, out)
            foreign = self._foreign.start(name, source)
            leaves = left and not foreign
        elif self._foreign.doubtful:
            leaves = self._foreign.settle(name)
        tag, change = self._judged(source)
        if change is not None and not foreign and (instead := self._place.placeholder(change.embed)):
            self._replace(tag, change, instead, out)
            return end
        if name in _DOCUMENTS and (document := self._inner_document(tag, change)) is not None:
            change = document
        if leaves and change is not None and not change.output:
            change = change._replace(output=f"<{name}>".encode("latin-1"))  # without it SVG would go on
        if name in ELEMENTS and not foreign and not (name == "noscript" and self._noscript):
            self._open_raw(tag, change, out)
            return end
        self._emit(source, change, out)
        if name == "body" and not foreign:
            out.append(self._place.body())
        elif name == "head":
            out.append(self._place.head())
        elif name == "select":
            self._selecting = True
        elif name == "base" and change is None:
            self._rebase(source)
        elif (
            change is None
            and not (self._meets or foreign or name in _ALWAYS_SEEN)
            and len(source) <= _REMEMBERED_LENGTH
            and self._policy.remembered.take(len(source) + _OF_A_NAME)
        ):
            self._passed.add(source)
        return end

    def _judged(self, source: bytes) -> tuple[StartTag, Edit | None]:
        """A start tag and the edit for it, remembered per policy for short ones."""
        remembered = self._policy.remembered
        key = (self._noscript, source)
        judged: tuple[StartTag, Edit | None, tuple[str, ...]] | None = remembered.tags.get(key)
        if judged is None:
            self._policy.met.clear()
            tag = start_tag(source)
            judged = tag, edit(tag, self._policy, self._noscript), tuple(self._policy.met)
            if len(source) <= _REMEMBERED_LENGTH and not self._passes(judged):
                if judged[1] is None and tag.name not in _WITH_CONTENT:
                    judged = StartTag(source, tag.name, ()), None, judged[2]  # nobody asks for its attributes
                    size = len(source) + OVERHEAD
                else:
                    size = _OF_A_TAG * len(source) + OVERHEAD
                if remembered.take(size):
                    remembered.tags[key] = judged
        self._meets = bool(judged[2])
        if judged[2]:
            self.met.update(judged[2])
        return judged[:2]

    def _passes(self, judged: tuple[StartTag, Edit | None, tuple[str, ...]]) -> bool:
        """Whether it will be among the tags that pass, and need not be remembered as one that was judged."""
        tag, change, met = judged
        return not (change or met or self._foreign or self._place.before_body or tag.name in _ALWAYS_SEEN)

    def _emit(self, source: bytes, change: Edit | None, out: list[bytes]) -> None:
        if change is None:
            out.append(source)
        else:
            out.append(change.output)
            self._count(change)

    def _count(self, change: Edit) -> None:
        for count in change.counts:
            self.counts[count] += 1
        self._place.withheld(change.embed)

    def _rebase(self, source: bytes) -> None:
        """The first `base` with an address decides for the rest of the page (HTML 4.2.3)."""
        href = start_tag(source).value("href")
        if href and self._recorder is not None:
            self._recorder.lose()
        if href and not self._based:
            self._based = True
            self._policy = self._policy.under(href)
            self._passed = self._policy.remembered.passed[self._noscript]
            if self._recorder is not None:
                self._recorder.use(self._policy.remembered)

    def _foreign_text(self, name: str, data: bytes, start: int, end: int, out: list[bytes]) -> int:
        """A script or style sheet in SVG, judged by its text as far as the end tag, then read as markup."""
        close, after = scanner.end_tag(name, data, end)
        if after < 0:
            if not self._ended:
                return _WAIT
            close = after = len(data)
        self._texts[name] += 1
        if self._texts[name] > _DEEPEST:
            self.counts[Count("unknown", "endless", Fate.REMOVE)] += 1
            return after
        source = data[start:end]
        tag, change = self._judged(source)
        change = change or self._judged_content(tag, data[end:close])
        if change is not None and (change.skip or name == "style"):
            self._count(change)
            return after
        self._foreign.start(name, source)
        self._emit(source, change, out)
        return end

    def _replace(self, tag: StartTag, change: Edit, instead: bytes, out: list[bytes]) -> None:
        """A placeholder for an element and its content; an object that never ends loses only itself."""
        out.append(instead)
        self._count(change)
        if tag.name != "embed":
            self._raw, self._tag = RawText(tag.name), tag
            self._mode = _Mode.JUDGE if tag.name == "object" else _Mode.SKIP

    # Elements whose content is text for the tokenizer.

    def _open_raw(self, tag: StartTag, change: Edit | None, out: list[bytes]) -> None:
        name, source = tag.name, tag.source
        self._raw = RawText(name)
        if change is not None and change.skip:
            self._mode = _Mode.SKIP
            self._emit(source, change, out)
            return
        if name == "iframe" and (closed := self._inner_document(tag, change)) is not None:
            change = closed
            self._mode = _Mode.SKIP if closed.skip else _Mode.PASS
        elif not self._must_judge(tag):
            self._mode = _Mode.PASS
        else:
            self._mode, self._tag = _Mode.JUDGE, tag if change is None else start_tag(change.output)
            if change is not None:
                self._count(change)
            return
        self._emit(source, change, out)

    def _raw_text(self, raw: RawText, data: bytes, position: int, out: list[bytes]) -> int:
        """The content of the open raw-text element with its end tag; the position after it, or _WAIT."""
        close = raw.find(data, position)
        if close < 0:
            return _WAIT
        after = scanner.tag_end(data, close)
        if after < 0:
            self._look_again(len(data) - position)
            return _WAIT
        self._close_raw(data[position:close], data[close:after], out)
        return after

    def _settle(self, raw: RawText, data: bytes, position: int, out: list[bytes]) -> int:
        """Raw text without its end: let go what is surely content, unless all of it must be judged."""
        if self._mode is _Mode.JUDGE:
            return position
        settled = position + raw.forget()
        if self._mode is _Mode.PASS:
            out.append(data[position:settled])
        return settled

    def _close_raw(self, inner: bytes, last: bytes, out: list[bytes]) -> None:
        """The end of the open raw-text element: the content not given out yet, and its end tag."""
        self._raw = None
        if self._mode is _Mode.PASS:
            out += (inner, last)
        elif self._mode is _Mode.JUDGE and self._tag is not None:
            self._judge_content(self._tag, inner, last, out)

    def _must_judge(self, tag: StartTag) -> bool:
        if tag.name == "script":
            return not tag.has("src")
        return tag.name in _JUDGED or self._in_doubt(tag.name)

    def _in_doubt(self, name: str) -> bool:
        """Whether a browser might read the content as markup: older ones do in `select`."""
        return name != "script" and (self._selecting or self._foreign.doubtful)

    def _judge_content(self, tag: StartTag, inner: bytes, last: bytes, out: list[bytes]) -> None:
        if tag.name == "object":
            out.append(b"" if last else self._nested(inner))
            return
        if self._in_doubt(tag.name) and self._nested(inner) != inner:
            return
        if tag.name == "noscript":
            out += (tag.source, self._nested(inner, in_noscript=True), last)
            return
        change = self._judged_content(tag, inner) if tag.name in _JUDGED else None
        if change is None:
            out += (tag.source, inner, last)
            return
        self._count(change)
        if not change.skip:
            out += (change.output, inner if change.content is None else change.content, last, change.after)

    def _judged_content(self, tag: StartTag, content: bytes) -> Edit | None:
        """The edit for a script or style sheet, remembered per policy."""
        remembered, key = self._policy.remembered, (tag.source, content)
        if key in remembered.contents:
            return remembered.contents[key]
        change = edit_content(tag, content, self._policy)
        # What comes again in a passage that does too is not asked for a third time.
        if remembered.came_before(key) and remembered.came_before((key,)):
            output = 0 if change is None else len(change.output) + len(change.content or b"")
            if remembered.take(len(tag.source) + len(content) + output + OVERHEAD):
                remembered.contents[key] = change
        return change

    def _nested(self, document: bytes, *, in_noscript: bool = False) -> bytes:
        """A document inside this one, rewritten by the same rules."""
        if self._depth >= _DEEPEST:
            self.counts[Count("unknown", "endless", Fate.REMOVE)] += 1
            return b""
        nested = HtmlRewriter(self._policy, in_noscript=in_noscript, depth=self._depth + 1)
        rewritten = nested.write(document) + nested.end()
        self.counts.update(nested.counts)
        self.met.update(nested.met)
        return rewritten

    def _inner_document(self, tag: StartTag, change: Edit | None) -> Edit | None:
        """The edit for a frame that carries its document with it, in `srcdoc` or a `data:` address."""
        if change is not None:
            if not change.output:
                return None
            tag = start_tag(change.output)
        counts = () if change is None else change.counts
        if tag.has("srcdoc"):
            document = encode(tag.value("srcdoc"))
            if (rewritten := self._nested(document)) != document:
                text = b'srcdoc="' + escape(rewritten.decode("utf-8", "surrogateescape")) + b'"'
                return Edit(tag.edited({"srcdoc": text}), counts=counts)
        else:
            name = "data" if tag.name == "object" else "src"
            page = script_of_data_url(tag.value(name))
            if page and self._nested(page) != page:
                return Edit(tag.edited({name: None}) if tag.name == "object" else b"", True, counts)
        return None
