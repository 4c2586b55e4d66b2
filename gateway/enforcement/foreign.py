"""SVG and MathML inside HTML: where there is no raw text, and where there is again.

Source: HTML Standard, 13.2.6 (tree construction dispatcher) and 13.2.6.5 (foreign content). Elements are
followed only inside `svg` and `math`; what is open around them is not known here.
"""

from __future__ import annotations

from gateway.enforcement.attributes import start_tag

_BREAKS_OUT = frozenset(
    [
        "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed",
        "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta",
        "nobr", "ol", "p", "pre", "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table",
        "tt", "u", "ul", "var"
    ]
)
_CLOSES = _BREAKS_OUT | frozenset(
    [
        "a", "address", "article", "aside", "button", "caption", "dialog", "details", "fieldset",
        "figcaption", "figure", "footer", "form", "header", "html", "label", "legend", "main", "nav",
        "noscript", "object", "optgroup", "option", "section", "select", "summary", "tbody", "td",
        "template", "tfoot", "th", "thead", "tr", "video"
    ]
)
"""End tags of elements that an unclosed `svg` is likely to stand in: they end it."""
_VOID = frozenset([
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr"
])
_RAW = frozenset(["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"])
_MATH_TEXT = frozenset(["mi", "mn", "mo", "ms", "mtext"])
_SVG_HTML = frozenset(["desc", "foreignobject", "title"])
_ENDS_P = frozenset(
    [
        "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl",
        "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "ul"
    ]
)
_SPECIAL = _ENDS_P | frozenset([
    "body", "button", "dd", "dt", "html", "li", "object", "select", "td", "template", "th", "tr", "tbody"
])
_ENDS_ITSELF = frozenset(("dd", "dt", "li", "option", "td", "th", "tr"))
_DEEPEST = 512
"""As deep as browsers nest elements; more are taken for siblings."""


class ForeignContent:
    """The open elements from the outermost `svg` or `math` on."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []  # (namespace: "svg", "math" or "html"; lower-case name)
        self._points: list[bool] = []
        self.doubtful = False
        """Whether it was left by an end tag whose element is only believed to be open around it."""

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def here(self) -> bool:
        """Whether the innermost open element is foreign: CDATA sections are read there."""
        return bool(self._open) and self._open[-1][0] != "html"

    @property
    def no_html(self) -> bool:
        """Whether an element that does not break out would be foreign."""
        return self.here and not self._points[-1]

    def start(self, name: str, source: bytes) -> bool:
        """Take a start tag; whether it makes a foreign element."""
        if self._is_html(name, source):
            self._html(name)
            return False
        namespace = self._namespace(name)
        if not source.endswith(b"/>"):
            self._push(namespace, name, _is_point(namespace, name, source))
        return True

    def end(self, name: str) -> None:
        """Take an end tag."""
        by_html = not self.here
        for depth in range(len(self._open) - 1, -1, -1):
            namespace, opened = self._open[depth]
            by_html = by_html or namespace == "html"
            if opened == name:
                self._pop_to(depth)
                return
            if by_html and (self._points[depth] or (opened in _SPECIAL and name not in _CLOSES)):
                return
        if name in _CLOSES and not any(self._points):
            self._pop_to(0)
            self.doubtful = True

    def settle(self, name: str) -> bool:
        """Take a start tag outside: some cannot stand in foreign content and end the doubt. Whether this one did."""
        settled = self.doubtful and name in _BREAKS_OUT
        self.doubtful = self.doubtful and not settled
        return settled

    def _is_html(self, name: str, source: bytes) -> bool:
        """Whether a start tag is read by the rules of HTML, leaving foreign content where it has to."""
        if not self.here:
            return name not in ("svg", "math")
        opened = self._open[-1][1]
        if self._points[-1] and not (name in ("mglyph", "malignmark") and opened in _MATH_TEXT):
            return name not in ("svg", "math")
        if name in _BREAKS_OUT or (name == "font" and _has_looks(source)):
            while self.no_html:
                self._pop_to(len(self._open) - 1)
            return True
        return False

    def _namespace(self, name: str) -> str:
        if name in ("svg", "math") and (not self.no_html or self._open[-1][1] == "annotation-xml"):
            return name
        return self._open[-1][0]

    def _html(self, name: str) -> None:
        if not self._open or name in _VOID or name in _RAW:
            return
        last = self._open[-1][1]
        if (last == "p" and name in _ENDS_P) or last == name in _ENDS_ITSELF:
            self._pop_to(len(self._open) - 1)
        self._push("html", name, False)

    def _push(self, namespace: str, name: str, point: bool) -> None:
        if len(self._open) < _DEEPEST:
            self._open.append((namespace, name))
            self._points.append(point)

    def _pop_to(self, depth: int) -> None:
        del self._open[depth:], self._points[depth:]


def _is_point(namespace: str, name: str, source: bytes) -> bool:
    """An integration point: a foreign element whose content is HTML."""
    if namespace == "svg":
        return name in _SVG_HTML
    if name == "annotation-xml":
        return start_tag(source).value("encoding").lower() in ("text/html", "application/xhtml+xml")
    return name in _MATH_TEXT


def _has_looks(source: bytes) -> bool:
    tag = start_tag(source)
    return any(tag.has(name) for name in ("color", "face", "size"))
