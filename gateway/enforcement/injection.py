"""Where in a page the first scripts, the banner and the foot go.

Source: HTML Standard, 13.2.6.4 ("initial" to "in body"): what may stand before the body begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.enforcement.embed import Embed

_IN_HEAD = frozenset(
    [
        "base",
        "basefont",
        "bgsound",
        "head",
        "html",
        "link",
        "meta",
        "noframes",
        "noscript",
        "script",
        "style",
        "template",
        "title",
    ]
)
_PAGE = frozenset(("html", "head", "body", "frameset"))


def _nothing(language: str) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Injection:
    """What the gateway adds to a page: before all scripts, at the beginning of the body, and at its end.

    `body` and `foot` are asked with the page's language (`<html lang>`, "" if it names none) when their place comes.
    With `anyway` false nothing is added unless the markup shows that it is a whole document.
    """

    body: Callable[[str], bytes] = _nothing
    foot: Callable[[str], bytes] = _nothing
    anyway: bool = True
    placeholder: Callable[[str, Embed, int], bytes] | None = None
    """What stands for the page's n-th frame that may not load now; without it the frame is parked or gone."""
    buttons: Callable[[str, Sequence[Embed], bool], bytes] | None = None
    """What stands at the end of the page for services whose scripts may not run; whether no placeholder came before."""
    head: bytes = b""
    """What stands first in the head: scripts of the gateway that must run before all others."""


class Placement:
    """One page's way to the beginning of its body and to its end; each part is given out at most once."""

    def __init__(self, injection: Injection | None) -> None:
        self._injection = injection
        self._offers = injection is not None and injection.placeholder is not None
        self._body_due = self._foot_due = injection is not None
        self._head_due = injection is not None and bool(injection.head)
        self._is_page = injection is not None and injection.anyway
        self._after_head = False
        self._templates = 0
        self._shown: list[str] = []
        self._withheld: dict[str, Embed] = {}
        self.embeds: list[Embed] = []
        """All that `withheld` was told of, in order."""
        self.changed = False
        """Whether something was given out since this was last set to false."""
        self.before_body = injection is not None
        """Whether the body has not begun yet."""
        self.language = ""

    @property
    def state(self) -> tuple[bool | int | str, ...]:
        """All that what stands next in the page depends on, and that it may change."""
        due = (self._offers, self.before_body, self._head_due, self._body_due, self._foot_due)
        return (*due, self._is_page, self._after_head, self._templates, self.language)

    @property
    def shown(self) -> int:
        """How many placeholders stand in the page so far; each bears its number."""
        return len(self._shown)

    def doctype(self) -> None:
        """Only whole documents have one."""
        self._is_page = True

    def text(self) -> bytes:
        """What goes before text that is not white space."""
        return b"" if self._templates else self._begin()

    def start(self, name: str) -> bytes:
        """What goes before this start tag; asked until the body begins."""
        self._is_page = self._is_page or name in _PAGE
        inside = self._templates > 0
        if name == "template":
            self._templates += 1
        elif name == "frameset":
            self.before_body = self._body_due = self._foot_due = self._head_due = False
        elif name == "noscript" and self._after_head:
            return self._begin()
        if inside or name in ("html", "head"):
            return b""
        return self._head() if name == "body" or name in _IN_HEAD else self._begin()

    def head(self) -> bytes:
        """What goes after a `head` tag."""
        return b"" if self._templates else self._head()

    def body(self) -> bytes:
        """What goes after a `body` tag."""
        self._is_page = True
        return self._begin()

    def end(self, name: str) -> bytes:
        """What goes before this end tag."""
        if self.before_body:
            if name == "template":
                self._templates = max(0, self._templates - 1)
            self._after_head = self._after_head or name == "head"
        return self.rest() if name in ("body", "html") else b""

    def placeholder(self, embed: Embed | None) -> bytes:
        """What stands for `embed`; nothing where there is none, or no page around it."""
        if embed is None or not embed.element or not self._is_page:
            return b""
        if self._injection is None or self._injection.placeholder is None:
            return b""
        self._shown.append(embed.service)
        self.changed = True
        return self._injection.placeholder(self.language, embed, len(self._shown))

    def withheld(self, embed: Embed | None) -> None:
        """Scripts of a service that a visitor may want may not run in this page."""
        if embed is not None and not embed.element:
            self.embeds.append(embed)
            self._withheld[embed.service] = embed

    def rest(self) -> bytes:
        """What has found no place yet."""
        return self._begin() + self._foot()

    def _begin(self) -> bytes:
        self.before_body = False
        if not (self._body_due and self._is_page and self._injection):
            return b""
        self._body_due = False
        self.changed = True
        return self._head() + self._injection.body(self.language)

    def _head(self) -> bytes:
        if not (self._head_due and self._is_page and self._injection):
            return b""
        self._head_due = False
        self.changed = True
        return self._injection.head

    def _foot(self) -> bytes:
        if not (self._foot_due and self._is_page and self._injection):
            return b""
        self._foot_due = False
        due = [embed for service, embed in self._withheld.items() if service not in self._shown]
        give = self._injection.buttons
        buttons = give(self.language, due, not self._shown) if due and give else b""
        return buttons + self._injection.foot(self.language)
