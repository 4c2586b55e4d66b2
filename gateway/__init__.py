"""The consent gateway: a visitor's choice about cookies and tracking, enforced on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["ConsentMiddleware"]

if TYPE_CHECKING:
    from gateway.app import ConsentMiddleware


def __getattr__(name: str) -> object:
    # Imported on use: the modules below must not pull in the whole application.
    if name == "ConsentMiddleware":
        from gateway.app import ConsentMiddleware

        return ConsentMiddleware
    raise AttributeError(name)
