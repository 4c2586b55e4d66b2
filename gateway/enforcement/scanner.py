"""The WHATWG tokenizer states that matter here, as linear-time patterns over bytes.

Source: HTML Standard, 13.2.5 Tokenization. Each pattern is unambiguous: a token that the
buffer holds only in part never matches as a shorter one, so whatever is incomplete stays
where it is until more bytes arrive. RE2 runs them as automata; no input makes them slow.

A *stop* is a token that Python has to look at. Everything between two stops is skipped by
one call of `run`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from gateway.enforcement.automaton import Automaton

_S = r"\t\n\x0c\r "

# 13.2.5.32–40: attributes. An equals sign opens a name only where a name must start.
_NAME = rf"[^{_S}/>=][^{_S}/>=]*"
_NAMES = rf"[^{_S}/>][^{_S}/>=]*(?:[{_S}]+{_NAME})*"
_VALUE = rf"""[{_S}]*=[{_S}]*(?:"[^"]*"|'[^']*'|[^{_S}>"'][^{_S}>]*[{_S}])"""
_REST = (
    rf"(?:[{_S}/]|{_NAMES}(?:{_VALUE}|[{_S}]*/))*"
    rf"""(?:>|{_NAMES}[{_S}]*(?:=[{_S}]*(?:[^{_S}>"'][^{_S}>]*)?)?>)"""
)
_AFTER_NAME = rf"(?:>|[{_S}/]{_REST})"

# 13.2.5.41–52
_COMMENT = r"<!--(?:-?>|(?s:.*?)--!?>)"
_OTHER_BOGUS = r"<\?[^>]*>|</(?:>|[^a-zA-Z>][^>]*>)"
_BOGUS = rf"(?:<!(?:>|->|(?:[^->]|-[^->])[^>]*>)|{_OTHER_BOGUS})"
# Where "<![CDATA[" may begin a section, Python looks at everything that begins as it does.
_BOGUS_IN_FOREIGN = rf"(?:<!(?:>|->|\[>|(?:[^->\[]|-[^->]|\[[^C>])[^>]*>)|{_OTHER_BOGUS})"
# Not a tag: "<" before anything but a letter, "!", "/" or "?".
_TEXT = r"(?:[^<]|<[^a-zA-Z!/?<])"

INTERESTING = frozenset(
    [
        "applet", "audio", "base", "bgsound", "body", "embed", "fencedframe", "frame", "html", "iframe", "image",
        "img", "input", "link", "math", "meta", "noembed", "noframes", "noscript", "object", "param",
        "plaintext", "portal", "script", "select", "source", "style", "svg", "textarea", "title", "track", "video",
        "xmp"
    ]
)
"""Start tags in a body that can load, hold raw text or change how the rest is read."""

ENDS = frozenset(("body", "html", "select"))
"""End tags that matter in a body: where the foot goes in, and where an older parser reads differently."""

ANYWHERE = ("action", "attributionsrc", "background", "formaction", "on*", "ping", "style")
"""Attributes that can load or run something on any element; `on*` are all that begin so."""

LINKS = frozenset(("a", "area"))
"""Elements that matter only for where they lead: those that stay on the host are skipped."""

LINK_ATTRIBUTES = ("href", "referrerpolicy")
"""Attributes that say where a link leads, and what it tells there."""

ACTS = (
    "auxclick", "beforeinput", "blur", "change", "click", "contextmenu", "copy", "cut", "dblclick", "drag", "drop",
    "focus", "input", "invalid", "key", "mouse", "paste", "pointer", "reset", "select", "submit", "touch", "wheel",
)  # fmt: skip
"""How the names of events begin that only the visitor causes."""

PRESENTATION = (
    "clip-path", "cursor", "fill", "filter", "marker", "marker-end", "marker-mid", "marker-start", "mask", "stroke",
)  # fmt: skip
"""Attributes of SVG that are CSS properties with addresses (SVG 2, 6.6)."""

_DRAWING = [
    "circle", "clippath", "defs", "ellipse", "fecolormatrix", "filter", "g", "line", "lineargradient",
    "mask", "path", "pattern", "polygon", "polyline", "radialgradient", "rect", "stop", "symbol", "text",
    "tspan"
]


def _insensitive(word: str) -> str:
    return "".join(f"[{_cases(c)}]" for c in word)


def _cases(character: str) -> str:
    """The inside of a character class for a character in any case."""
    return character + character.upper() if character.isalpha() else "\\" + character


def _other_than(words: Iterable[str], end: str, first: str = "") -> str:
    """A pattern for every name that is none of `words`, whatever its case; `on*` is every word beginning so.

    `end` are the characters that end a name, `first` those allowed to begin one if not all are
    (both as the inside of a character class).
    """
    letters, ways = _branches(words, end)
    other = f"[{''.join(c for c in first if c not in letters)}]" if first else f"[^{letters}{end}]"
    return f"(?:{'|'.join(ways)}|{other}[^{end}]*)"


def _branches(words: Iterable[str], end: str) -> tuple[str, list[str]]:
    """The letters that `words` begin with, and for each of them a pattern for all that is not one of them."""
    rests: dict[str, set[str]] = {}
    for word in words:
        if word:
            rests.setdefault(word[0], set()).add(word[1:])
    ways = [
        f"[{_cases(c)}]{_rest_other_than(rest, end)}" for c, rest in sorted(rests.items()) if "*" not in rest
    ]
    return "".join(map(_cases, sorted(rests))), ways


def _rest_other_than(rests: set[str], end: str) -> str:
    letters, ways = _branches(rests, end)
    ways.append(f"[^{letters}{end}][^{end}]*")
    return f"(?:{'|'.join(ways)})" + ("" if "" in rests else "?")


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DULL_NAME = _other_than(ANYWHERE, rf"{_S}/>=")
_DULL_NAMES = rf"(?:=[^{_S}/>=]*|{_DULL_NAME})(?:[{_S}]+{_DULL_NAME})*"
_DULL_STYLE = (
    rf"{_insensitive('style')}[{_S}]*=[{_S}]*"
    rf"""(?:"[^"(@&\\]*"|'[^'(@&\\]*')"""
)
# Without a slash a click reaches no other host, nor does a form.
_DULL_ACT = (
    rf"(?:[oO][nN](?:{'|'.join(map(_insensitive, ACTS))})[a-zA-Z]*[{_S}]*=[{_S}]*"
    rf"""(?:"[^"/&\\]*"|'[^'/&\\]*')"""
    rf"|(?:{_insensitive('form')})?{_insensitive('action')}[{_S}]*=[{_S}]*"
    rf"""(?:"(?:[hH][tT][tT][pP][sS]?:|/)[^"]*"|'(?:[hH][tT][tT][pP][sS]?:|/)[^']*'|"[^":&]*"|'[^':&]*'))"""
)
_DULL_REST = (
    rf"(?:[{_S}/]|(?:{_DULL_NAMES})(?:{_VALUE}|[{_S}]*/)|(?:{_DULL_NAMES}[{_S}]+)?(?:{_DULL_STYLE}|{_DULL_ACT}))*"
    rf"""(?:>|(?:{_DULL_NAMES})[{_S}]*(?:=[{_S}]*(?:[^{_S}>"'][^{_S}>]*)?)?>)"""
)
_DULL_TAG = rf"<{_other_than(INTERESTING | LINKS, _S + '/>', _LETTERS)}(?:>|[{_S}/]{_DULL_REST})"
# Of links, what need not be looked at: an address without a query has nothing to take out; and without
# a `target`, on the same host, or where it is already, `rel=noopener` makes no difference.
_HREF = rf"{_insensitive('href')}[{_S}]*=[{_S}]*"
_LOCAL = rf"(?:[#?]|/[^/\\{_S}\"'?&]|[a-zA-Z0-9_.~-]+[/?#]|(?:mailto|tel):)"
_LOCAL_HREF = rf"""{_HREF}(?:"{_LOCAL}[^"]*"|'{_LOCAL}[^']*')"""
_SCRIPT_HREF = rf"""{_HREF}(?:"javascript:[^"/&\\]*"|'javascript:[^'/&\\]*')"""
_PLAIN = r"(?:[hH][tT][tT][pP][sS]?:)?"
_PLAIN_HREF = rf"""{_HREF}(?:"{_PLAIN}[^":?&]*"|'{_PLAIN}[^':?&]*')"""
_BARE_HREF = rf"""{_HREF}/[^/\\{_S}>"'?&][^{_S}>?&]*"""
_REL = rf"""{_insensitive('rel')}[{_S}]*=[{_S}]*(?:"[^"]*no(?:open|referr)er[^"]*"|'[^']*no(?:open|referr)er[^']*')"""


def _link_rest(names: Iterable[str], known: Iterable[str], needed: str = "") -> str:
    """The attributes of a dull link: of any name but `names`, those `known`, and one that is `needed`."""
    name = _other_than(names, rf"{_S}/>=")
    run = rf"(?:=[^{_S}/>=]*|{name})(?:[{_S}]+{name})*"
    before = rf"(?:(?:{run})[{_S}]+)?"
    some = rf"(?:[{_S}/]|(?:{run})(?:{_VALUE}|[{_S}]*/)|{before}(?:{'|'.join(known)}|{_BARE_HREF}[{_S}]))*"
    last = rf"""(?:>|(?:{run})[{_S}]*(?:=[{_S}]*(?:[^{_S}>"'][^{_S}>]*)?)?>|{before}{_BARE_HREF}>)"""
    return some + (before + needed + some if needed else "") + last


_WATCHED = (*ANYWHERE, *LINK_ATTRIBUTES)
_DULL_COMMON = (_DULL_STYLE, _DULL_ACT, _SCRIPT_HREF)
_DULL_LINK_REST = "|".join(
    [
        _link_rest((*_WATCHED, "target"), (*_DULL_COMMON, _LOCAL_HREF, _PLAIN_HREF)),
        _link_rest(_WATCHED, (*_DULL_COMMON, _LOCAL_HREF)),
        _link_rest(_WATCHED, (*_DULL_COMMON, _LOCAL_HREF, _PLAIN_HREF), _REL),
    ]
)
_DULL_LINK = rf"<[aA](?:[rR][eE][aA])?(?:>|[{_S}/](?:{_DULL_LINK_REST}))"
# An `input` matters for its picture, and for what any element may load.
_INPUT = f"<{_insensitive('input')}"
_DULL_INPUT = rf"{_INPUT}(?:>|[{_S}/](?:{_link_rest((*ANYWHERE, 'src'), (_DULL_STYLE, _DULL_ACT))}))"
_DULL_END = rf"</{_other_than(ENDS, _S + '/>', _LETTERS)}{_AFTER_NAME}"
# In SVG an address is dull that stays in the page, and a presentation attribute without any other.
_DRAWING_NAME = _other_than((*ANYWHERE, *PRESENTATION, "href", "xlink:href"), rf"{_S}/>=")
_DRAWING_NAMES = rf"(?:=[^{_S}/>=]*|{_DRAWING_NAME})(?:[{_S}]+{_DRAWING_NAME})*"
_DRAWING_VALUE = (
    rf"(?:(?:{'|'.join(map(_insensitive, PRESENTATION))})[{_S}]*=[{_S}]*"
    rf"""(?:"[^"(&\\]*"|'[^'(&\\]*'|"url\(#[^"(&\\]*"|'url\(#[^'(&\\]*'|[^{_S}"'>(&\\]+[{_S}])"""
    rf"""|(?:{_insensitive('xlink')}:)?{_HREF}(?:"#[^"]*"|'#[^']*'))"""
)
_DRAWING_REST = (
    rf"(?:[{_S}/]|(?:{_DRAWING_NAMES})(?:{_VALUE}|[{_S}]*/)|(?:{_DRAWING_NAMES}[{_S}]+)?(?:{_DULL_STYLE}|{_DRAWING_VALUE}))*"
    rf"""(?:>|(?:{_DRAWING_NAMES})[{_S}]*(?:=[{_S}]*(?:[^{_S}>"'][^{_S}>]*)?)?>)"""
)
_DRAWING_TAG = rf"<(?:{'|'.join(map(_insensitive, _DRAWING))})(?:>|[{_S}/]{_DRAWING_REST})"
_DRAWING_END = rf"</(?:{'|'.join(map(_insensitive, _DRAWING))}){_AFTER_NAME}"


_RUN = Automaton(rf"(?:{_TEXT}|{_DULL_TAG}|{_DULL_LINK}|{_DULL_INPUT}|{_DULL_END}|{_COMMENT}|{_BOGUS})*", megabytes=64)
_RUN_BEFORE_BODY = Automaton(rf"(?:[{_S}]|\xef\xbb\xbf|{_COMMENT})*", megabytes=64)
_RUN_FOREIGN = Automaton(rf"(?:{_TEXT}|{_DRAWING_TAG}|{_DRAWING_END}|{_COMMENT}|{_BOGUS_IN_FOREIGN})*", megabytes=64)
# One tag is short: the standard library's engine starts faster, and possessive repeats keep it linear.
_TAG = re.compile(
    rf"""</?[a-zA-Z][^{_S}/>]*+(?:>|[{_S}/]"""
    rf"""(?:[{_S}/]|[^{_S}/>][^{_S}/>=]*+(?:[{_S}]++[^{_S}/>=][^{_S}/>=]*+)*+"""
    rf"""(?:[{_S}]*+=[{_S}]*+(?:"[^"]*+"|'[^']*+'|[^{_S}>"'][^{_S}>]*+[{_S}])|[{_S}]*+/))*+"""
    rf"""(?:>|[^{_S}/>][^{_S}/>=]*+(?:[{_S}]++[^{_S}/>=][^{_S}/>=]*+)*+[{_S}]*+"""
    rf"""(?:=[{_S}]*+(?:[^{_S}>"'][^{_S}>]*+)?)?>))""".encode()
)
_OTHER = Automaton(rf"(?:{_COMMENT}|{_BOGUS})", megabytes=64)


def run(data: bytes, start: int, limit: int | None = None) -> int:
    """Where the first stop at or after `start` begins; `limit`, or the end, if there is none before it."""
    return _RUN.end(data, start, limit)


def run_over(data: bytes, start: int, limit: int, passed: Container[bytes]) -> int:
    """As `run`, but the tags in `passed` are no stops."""
    stop = run(data, start, limit)
    while stop < limit:
        end = tag_end(data, stop)
        if end < 0 or data[stop:end] not in passed:
            break
        stop = run(data, end, limit) if end < limit else end
    return stop


def run_before_body(data: bytes, start: int, limit: int | None = None) -> int:
    """As `run`, but text, every tag and every declaration is a stop."""
    return _RUN_BEFORE_BODY.end(data, start, limit)


def run_foreign(data: bytes, start: int, limit: int | None = None) -> int:
    """As `run` inside SVG or MathML: only plain drawing elements are skipped."""
    return _RUN_FOREIGN.end(data, start, limit)


def tag_end(data: bytes, start: int) -> int:
    """Where the start or end tag that begins at `start` ends; -1 if the buffer does not hold all of it."""
    match = _TAG.match(data, start)
    return match.end() if match else -1


def markup_end(data: bytes, start: int) -> int:
    """The same for a comment, declaration or processing instruction at `start`."""
    return _OTHER.end(data, start)


_TAG_NAME = re.compile(rb"</?([a-zA-Z][^\t\n\x0c\r />]*)")


def tag_name(data: bytes, start: int) -> str:
    """The lower-case name of the tag at `start` (ASCII case folding, 13.2.5.8)."""
    match = _TAG_NAME.match(data, start)
    return match[1].lower().decode("latin-1") if match else ""


def end_tag(name: str, data: bytes, start: int) -> tuple[int, int]:
    """Where the next end tag of that name begins and ends, wherever it stands; the second is -1 if it is not there."""
    close = data.find(b"</", start)
    while close >= 0 and tag_name(data, close) != name:
        close = data.find(b"</", close + 2)
    return close, tag_end(data, close) if close >= 0 else -1
