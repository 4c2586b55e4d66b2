"""Content codings of a page, taken off piece by piece (RFC 9110, section 8.4; zstd: RFC 8878 and 9659).

Every decoder gives at most about two megabytes per call, however well its input was packed: a caller
that hands each piece on before it asks for the next one keeps its memory flat.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import brotli
import zstandard

from gateway.errors import RewriteError

OUTPUT_LIMIT: Final = 1 << 18
"""Bytes one call of a gzip, deflate or br decoder gives at most (br may overshoot by its own block)."""
_INFLATE_SLICE: Final = 1 << 14
"""Input bytes per call: what the limit leaves over is copied, so it must not be the whole of a long input."""
_ZSTD_SLICE: Final = 64
"""Input bytes per call for zstd, whose binding has no output limit: at worst 16 blocks of 128 KiB."""
_ZSTD_WINDOW: Final = 8 << 20
_MOST_CODINGS: Final = 3


class Decoder(Protocol):
    """Takes one coding off. Give new input only while `pending` is false; ask with `b""` while it is true."""

    @property
    def pending(self) -> bool:
        """Whether more output waits that needs no further input."""
        ...

    def decode(self, data: bytes) -> bytes:
        """The next piece of output. Raises RewriteError when the input is not what it claims to be."""
        ...

    def flush(self) -> bytes:
        """What is left at the end of the input. Raises RewriteError when the input was cut short."""
        ...


class Identity:
    """No coding at all."""

    pending = False

    def decode(self, data: bytes) -> bytes:
        """The input."""
        return data

    def flush(self) -> bytes:
        """Nothing."""
        return b""


class Inflate:
    """gzip with any number of members, and deflate both as zlib wraps it and raw, as some servers send it."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inflate: Any = zlib.decompressobj(31) if gzip else None
        self._rest = memoryview(b"")
        self._waiting = False
        self._began = False
        self._padded = False

    @property
    def pending(self) -> bool:
        """Whether the last call stopped at the output limit."""
        return bool(self._rest) and not self._waiting

    def decode(self, data: bytes) -> bytes:
        """The next piece of output."""
        if self._padded:
            return b""
        view = memoryview(bytes(self._rest) + data) if data else self._rest
        at_start = self._inflate is None or self._inflate.eof
        self._waiting = at_start and len(view) == 1
        if self._waiting or not view:
            self._rest = view
            return b""
        if self._inflate is None:
            self._inflate = zlib.decompressobj(15 if _zlib_wrapped(view) else -15)
        self._began = True
        if self._inflate.eof and not self._next_member(view):
            self._padded, self._rest = True, memoryview(b"")
            return b""
        piece = view[:_INFLATE_SLICE]
        try:
            out: bytes = self._inflate.decompress(piece, OUTPUT_LIMIT)
        except zlib.error as error:
            raise RewriteError(f"broken gzip or deflate body: {error}") from error
        left = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        self._rest = view[len(piece) - len(left) :]
        if not self._rest and len(out) >= OUTPUT_LIMIT:
            out += self._inflate.decompress(b"", OUTPUT_LIMIT)
        return out

    def _next_member(self, data: memoryview) -> bool:
        """Whether another gzip member follows; anything else after the end is padding, as for browsers."""
        if not self._gzip or bytes(data[:2]) != b"\x1f\x8b":
            return False
        self._inflate = zlib.decompressobj(31)
        return True

    def flush(self) -> bytes:
        """Nothing more; raises when the end was missing."""
        if (self._began or self._rest) and not (self._inflate is not None and self._inflate.eof):
            raise RewriteError("gzip or deflate body cut short")
        return b""


def _zlib_wrapped(data: memoryview) -> bool:
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0


class Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        self._brotli: Any = brotli.Decompressor()
        self._began = False
        self._more = False

    @property
    def pending(self) -> bool:
        """Whether the last call stopped at the output limit."""
        return self._more and not self._brotli.is_finished()

    def decode(self, data: bytes) -> bytes:
        """The next piece of output."""
        if self._brotli.is_finished():
            if data:  # the library refuses it behind the end of one piece: the pieces must not decide
                raise RewriteError("data after the end of a br body")
            return b""
        self._began = self._began or bool(data)
        try:
            out: bytes = self._brotli.process(data, output_buffer_limit=OUTPUT_LIMIT)
        except brotli.error as error:
            raise RewriteError("broken br body") from error
        self._more = len(out) >= OUTPUT_LIMIT or not self._brotli.can_accept_more_data()
        return out

    def flush(self) -> bytes:
        """Nothing more; raises when the end was missing."""
        if self._began and not self._brotli.is_finished():
            raise RewriteError("br body cut short")
        return b""


class Zstandard:
    """zstd, any number of frames, with the window limit browsers have (RFC 9659)."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame = self._zstd.decompressobj()
        self._rest = memoryview(b"")
        self._began = False

    @property
    def pending(self) -> bool:
        """Whether input is kept back to bound the output."""
        return bool(self._rest)

    def decode(self, data: bytes) -> bytes:
        """The next piece of output."""
        if data:
            self._began = True
            self._rest = memoryview(data)
        pieces: list[bytes] = []
        size = 0
        while self._rest and size < OUTPUT_LIMIT:
            pieces.append(self._slice())
            size += len(pieces[-1])
        return b"".join(pieces)

    def _slice(self) -> bytes:
        if self._frame.eof:
            self._frame = self._zstd.decompressobj()
        rest = self._rest
        piece, self._rest = rest[:_ZSTD_SLICE], rest[_ZSTD_SLICE:]
        try:
            out = self._frame.decompress(piece)
        except zstandard.ZstdError as error:
            raise RewriteError("broken zstd body") from error
        if self._frame.eof and self._frame.unused_data:
            self._rest = rest[len(piece) - len(self._frame.unused_data) :]
        return out

    def flush(self) -> bytes:
        """Nothing more; raises when the end was missing."""
        if self._began and not self._frame.eof:
            raise RewriteError("zstd body cut short")
        return b""


class Chain:
    """Several codings, the one applied last first."""

    def __init__(self, outer: Decoder, inner: Decoder) -> None:
        self._outer = outer
        self._inner = inner

    @property
    def pending(self) -> bool:
        """Whether any of them holds output."""
        return self._inner.pending or self._outer.pending

    def decode(self, data: bytes) -> bytes:
        """The next piece of output."""
        if self._inner.pending:
            return self._inner.decode(b"")
        return self._inner.decode(self._outer.decode(data))

    def flush(self) -> bytes:
        """The rest of both."""
        return self._inner.decode(self._outer.flush()) + self._inner.flush()


_DECODERS: Final[dict[bytes, Callable[[], Decoder]]] = {
    b"gzip": lambda: Inflate(gzip=True),
    b"x-gzip": lambda: Inflate(gzip=True),
    b"deflate": lambda: Inflate(gzip=False),
    b"br": Brotli,
    b"zstd": Zstandard,
}


def codings(content_encoding: bytes) -> list[bytes]:
    """The codings of a Content-Encoding value in the order they were applied, without `identity`."""
    names = (name.strip().lower() for name in content_encoding.split(b","))
    return [name for name in names if name not in (b"", b"identity")]


def decoder(content_encoding: bytes) -> Decoder | None:
    """What reads a body of this Content-Encoding; None when we cannot, and the body must be closed."""
    return _decoder(codings(content_encoding))


def _decoder(names: Sequence[bytes]) -> Decoder | None:
    if len(names) > _MOST_CODINGS or any(name not in _DECODERS for name in names):
        return None
    if not names:
        return Identity()
    found = _DECODERS[names[0]]()
    for name in names[1:]:
        found = Chain(_DECODERS[name](), found)
    return found
