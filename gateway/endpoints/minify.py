"""Our own scripts and stylesheets as they are served: without comments and white space, and out of the shop's reach.

Nothing is renamed, so what a browser shows reads like the source. The sources keep a few habits that this relies on:
comments stand on lines of their own, a stylesheet's strings hold no punctuation, a script's templates no templates.
"""

from __future__ import annotations

import re
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/ ?", re.DOTALL)
_QUOTED: Final = r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`"""
_PATTERN: Final = r"(?<=[(,=:!&|?])\s?/(?![*/])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n\[])+/[a-z]*"
_LITERAL: Final = f"{_QUOTED}|{_PATTERN}"
_SPACED: Final = re.compile(rf"({_LITERAL})|[ ]*([-+*=<>!&|?:;,(){{}}\[\]]+)[ ]*")
_JOINED: Final = re.compile(rf"({_LITERAL})|(?<=[,;{{(\[])\n|;?\n(?=[}})\]])")
_DECLARATION: Final = re.compile(r"(?<=[{;])(?!--|anchor-name)[a-z-]+:[^;{}]+(?=[;}])")
_RULE: Final = re.compile(r"(?<=[{};])([^{};@]+)(?=\{)")


def script(source: str) -> str:
    """A script without comments and without the spaces it does not need."""
    lines = (line.strip() for line in _COMMENT.sub("", source).splitlines())
    text = "\n".join(line for line in lines if line and not line.startswith("//"))
    text = _SPACED.sub(lambda found: found[1] or found[2], text)
    return _JOINED.sub(lambda found: found[1] or "", text)


def stylesheet(source: str, scope: str = "") -> str:
    """A stylesheet whose every declaration is important, so that no rule of the shop's, important or not, gets through.

    Custom properties and anchor names stay as they are: they are set from elsewhere. With a `scope` every selector is
    one below it, but for `:where(…)`; `:scope` is the element itself.
    """
    text = " ".join(_COMMENT.sub("", source).split())
    text = re.sub(r"\s*([{};,>])\s*|(?<=:)\s+", lambda found: found[1] or "", text).replace(";}", "}")
    if scope:
        text = _RULE.sub(lambda found: ",".join(_below(scope, each) for each in found[1].split(",")), "}" + text)[1:]
    return _DECLARATION.sub(lambda found: found[0].removesuffix("!important").rstrip() + "!important", text)


def _below(scope: str, selector: str) -> str:
    if selector.startswith(":where("):
        return selector
    return selector.replace(":scope", scope) if ":scope" in selector else f"{scope} {selector}"
