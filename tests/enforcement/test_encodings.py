from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from gateway.enforcement.encodings import Decoder, Identity, codings, decoder
from gateway.errors import RewriteError

PAGE = b"<!doctype html><p>" + bytes(random.Random(7).choices(b"abcdef <>", k=3000)) + b"</p>"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "identity": (b"identity", lambda data: data),
    "nothing": (b"", lambda data: data),
    "gzip": (b"gzip", gzip.compress),
    "x-gzip": (b"X-GZip", gzip.compress),
    "two gzip members": (b"gzip", lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:])),
    "deflate": (b"deflate", zlib.compress),
    "raw deflate": (b"deflate", raw_deflate),
    "br": (b"br", brotli.compress),
    "zstd": (b"zstd", zstandard.compress),
    "two zstd frames": (b"zstd", lambda data: zstandard.compress(data[:50]) + zstandard.compress(data[50:])),
    "gzip in br": (b"gzip , br", lambda data: brotli.compress(gzip.compress(data))),
    "zstd in gzip in deflate": (
        b"zstd,gzip,deflate",
        lambda data: zlib.compress(gzip.compress(zstandard.compress(data))),
    ),
}
BOTH = pytest.mark.parametrize(("name", "pack"), CODINGS.values(), ids=CODINGS)
PACKED = [key for key in CODINGS if key not in ("identity", "nothing")]


def drain(reader: Decoder, data: bytes) -> bytes:
    out = reader.decode(data)
    while reader.pending:
        out += reader.decode(b"")
    return out


def made(name: bytes) -> Decoder:
    reader = decoder(name)
    assert reader is not None
    return reader


@BOTH
def test_every_coding_is_read_at_every_split(name: bytes, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(PAGE[:400])
    for at in range(len(packed) + 1):
        reader = made(name)
        assert drain(reader, packed[:at]) + drain(reader, packed[at:]) + reader.flush() == PAGE[:400], at


@BOTH
def test_every_coding_is_read_byte_by_byte(name: bytes, pack: Callable[[bytes], bytes]) -> None:
    reader = made(name)
    assert b"".join(drain(reader, bytes((byte,))) for byte in pack(PAGE)) + reader.flush() == PAGE


@pytest.mark.parametrize("name", [b"compress", b"gzip, dcb", b"aes128gcm", b"gzip,gzip,gzip,gzip"])
def test_what_we_cannot_read_has_no_decoder(name: bytes) -> None:
    assert decoder(name) is None


def test_identity_needs_no_decoding() -> None:
    assert isinstance(decoder(b"identity, "), Identity)
    assert codings(b" GZip,identity ,, br") == [b"gzip", b"br"]


@pytest.mark.parametrize("key", PACKED)
def test_a_truncated_body_gives_its_start_and_is_known_to_be_cut(key: str) -> None:
    name, pack = CODINGS[key]
    reader = made(name)
    packed = pack(PAGE)
    start = drain(reader, packed[: len(packed) - 12])
    assert PAGE.startswith(start)
    with pytest.raises(RewriteError, match="short"):
        reader.flush()


@pytest.mark.parametrize("key", PACKED)
def test_a_broken_body_is_an_error_and_never_passes(key: str) -> None:
    reader = made(CODINGS[key][0])
    with pytest.raises(RewriteError, match="broken"):
        drain(reader, b"<html>this is plain, whatever the header said</html>")


def test_behind_padding_no_member_begins_however_the_bytes_are_cut() -> None:
    body = gzip.compress(b"a") + b"padding"
    for pieces in ([body + gzip.compress(b"b")], [body, gzip.compress(b"b")]):
        reader = made(b"gzip")
        assert b"".join(drain(reader, piece) for piece in pieces) + reader.flush() == b"a"


def test_bytes_behind_a_br_body_are_an_error_in_one_piece_and_in_two() -> None:
    body = brotli.compress(b"a" * 99)
    for pieces in ([body + b"x"], [body, b"x"]):
        found = decoder(b"br")
        assert found is not None
        with pytest.raises(RewriteError):
            [found.decode(piece) for piece in pieces]


@pytest.mark.parametrize("name", [b"gzip", b"deflate", b"br", b"zstd"])
def test_an_empty_body_is_whole(name: bytes) -> None:
    reader = made(name)
    assert reader.decode(b"") + reader.flush() == b""


@pytest.mark.parametrize("key", ["gzip", "deflate"])
def test_what_follows_the_end_is_padding(key: str) -> None:
    name, pack = CODINGS[key]
    reader = made(name)
    packed = pack(PAGE)
    assert drain(reader, packed + b"\x00\x00") + drain(reader, b"more") + reader.flush() == PAGE


def test_one_byte_of_deflate_is_no_page() -> None:
    reader = made(b"deflate")
    assert reader.decode(b"x") == b""
    with pytest.raises(RewriteError, match="short"):
        reader.flush()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        (b"gzip", gzip.compress),
        (b"deflate", raw_deflate),
        (b"br", brotli.compress),
        (b"zstd", zstandard.compress),
        (b"gzip, br", lambda data: brotli.compress(gzip.compress(data))),
    ],
)
def test_a_bomb_comes_in_bounded_pieces(name: bytes, pack: Callable[[bytes], bytes]) -> None:
    reader = made(name)
    size, largest = 0, 0
    piece = reader.decode(pack(bytes(40_000_000)))
    while True:
        size, largest = size + len(piece), max(largest, len(piece))
        if not reader.pending:
            break
        piece = reader.decode(b"")
    assert size == 40_000_000
    assert largest <= 3_000_000
    assert reader.flush() == b""


def test_a_zstd_window_beyond_what_browsers_take_is_an_error() -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(RewriteError, match="zstd"):
        drain(made(b"zstd"), packer.compress(PAGE) + packer.flush())
