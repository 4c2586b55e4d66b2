"""What a process that serves pages does once, when everything is loaded: it keeps its memory in order for that."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 32 << 20
"""Bytes of free memory kept for the next page; glibc takes no more for the second threshold (mallopt(3))."""


def settle() -> None:
    """The catalogue and all else that stays is not looked through for garbage again; freed memory is kept.

    glibc otherwise gives the memory of each page back to the kernel and asks for it again (mallopt(3)).
    """
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than glibc
            allocator = ctypes.CDLL(None)
            allocator.mallopt(_M_TRIM_THRESHOLD, _KEPT)
            allocator.mallopt(_M_MMAP_THRESHOLD, _KEPT)
