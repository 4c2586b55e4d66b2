"""What is archived of a notice: its facts as data, and the page's content as it was shown, in one canonical text."""

from __future__ import annotations

from typing import Self

import msgspec

from gateway.model.disclosure import Disclosure


class NoticeText(Disclosure, frozen=True, kw_only=True):
    """A `Disclosure`, so its canonical form is read as one, with the markup inside the page's `article`."""

    content: str = ""

    @classmethod
    def of(cls, facts: Disclosure, content: str) -> Self:
        """Both together."""
        return cls(**{name: getattr(facts, name) for name in Disclosure.__struct_fields__}, content=content)


def content_of(text: bytes) -> str | None:
    """The markup of an archived notice; None for a text of another kind or a notice without."""
    try:
        return msgspec.json.decode(text, type=NoticeText).content or None
    except ValueError:
        return None
