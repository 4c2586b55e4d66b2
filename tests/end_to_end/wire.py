"""Requests and answers nobody should send: smuggling, injection, malformed, odd. One table, which the docs show."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEAD = b"Host: shop.example\r\nCookie: _ga=1; sessionid=7\r\nConnection: close\r\n"
_SECOND = b"GET /smuggled HTTP/1.1\r\nHost: shop.example\r\nCookie: _ga=1\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Case:
    """`status` is the gateway's answer, 0 for none at all; `asked` how many requests reach the shop."""

    name: str
    sent: bytes
    status: int
    asked: int


def get(name: str, status: int, asked: int, *lines: bytes, target: bytes = b"/goods", line: bytes = b"") -> Case:
    """A GET with these header lines added, or this request line."""
    first = line or b"GET " + target + b" HTTP/1.1"
    return Case(name, first + b"\r\n" + _HEAD + b"".join(extra + b"\r\n" for extra in lines) + b"\r\n", status, asked)


def post(name: str, status: int, asked: int, *lines: bytes, body: bytes = b"", path: bytes = b"/order") -> Case:
    """A POST with these header lines, and after them these bytes."""
    head = b"POST " + path + b" HTTP/1.1\r\n" + _HEAD + b"".join(extra + b"\r\n" for extra in lines)
    return Case(name, head + b"\r\n" + body, status, asked)


CHUNKED = b"Transfer-Encoding: chunked"
EMPTY = b"0\r\n\r\n"
_FORM = b"Content-Type: application/x-www-form-urlencoded"


def _form(body: bytes) -> tuple[bytes, bytes]:
    return _FORM, b"Content-Length: %d" % len(body)


_INJECTED = b"action=refuse&return=/%0d%0aSet-Cookie:%20a=1"
_CLIENT_HELLO = b"\x16\x03\x01" + struct.pack(">H", 200) + b"\x01\x00\x00\xc4\x03\x03" + bytes(194)

REQUESTS = (
    # one message that two readers could take for two
    post("Content-Length beside Transfer-Encoding", 400, 0, b"Content-Length: 4", CHUNKED, body=EMPTY + _SECOND),
    post("Transfer-Encoding beside Content-Length", 400, 0, CHUNKED, b"Content-Length: 4", body=EMPTY + _SECOND),
    post("two lengths that differ", 400, 0, b"Content-Length: 0", b"Content-Length: 70", body=_SECOND),
    post("two lengths that agree", 400, 0, b"Content-Length: 2", b"Content-Length: 2", body=b"ok"),
    post("a list of lengths", 400, 0, b"Content-Length: 2, 2", body=b"ok"),
    post("length with a sign", 400, 0, b"Content-Length: +2", body=b"ok"),
    post("negative length", 400, 0, b"Content-Length: -2", body=b"ok"),
    post("hexadecimal length", 400, 0, b"Content-Length: 0x2", body=b"ok"),
    post("length beyond 64 bits", 400, 0, b"Content-Length: 99999999999999999999", body=b"ok"),
    post("empty length", 400, 0, b"Content-Length:", body=_SECOND),
    post("unknown transfer coding", 400, 0, b"Transfer-Encoding: xchunked", body=EMPTY),
    post("chunked is not the last coding", 400, 0, b"Transfer-Encoding: chunked, identity", body=EMPTY),
    post("identity coding", 400, 0, b"Transfer-Encoding: identity", body=_SECOND),
    post("two Transfer-Encoding lines", 400, 0, CHUNKED, b"Transfer-Encoding: cow", body=EMPTY + _SECOND),
    post("Transfer-Encoding in a folded line", 400, 0, b"Transfer-Encoding:", b" chunked", body=EMPTY + _SECOND),
    post("vertical tab in Transfer-Encoding", 400, 0, b"Transfer-Encoding: \x0bchunked", body=EMPTY + _SECOND),
    post("space before the colon", 400, 0, b"Transfer-Encoding : chunked", body=EMPTY + _SECOND),
    post("Transfer_Encoding, underscored", 200, 1, b"Transfer_Encoding: chunked", b"Content-Length: 2", body=b"ok"),
    post("chunk size is no number", 400, 0, CHUNKED, body=b"z\r\nok\r\n" + EMPTY),
    post("negative chunk size", 400, 0, CHUNKED, body=b"-2\r\nok\r\n" + EMPTY),
    post("chunk size beyond 64 bits", 400, 0, CHUNKED, body=b"fffffffffffffffff\r\nok\r\n" + EMPTY),
    post("chunk size with 0x", 400, 0, CHUNKED, body=b"0x2\r\nok\r\n" + EMPTY),
    post("chunk longer than its size", 400, 0, CHUNKED, body=b"2\r\nokay\r\n" + EMPTY),
    post("chunk line ends in a bare LF", 400, 0, CHUNKED, body=b"2\nok\r\n" + EMPTY),
    post("trailer named like a header", 200, 1, CHUNKED, body=b"0\r\nCookie: _ga=2\r\nX-Consent: marketing=1\r\n\r\n"),
    Case("two requests at once", b"GET /goods HTTP/1.1\r\nHost: shop.example\r\nCookie: _ga=1; sessionid=7\r\n\r\n"
         + b"GET /goods HTTP/1.1\r\n" + _HEAD + b"\r\n", 200, 2),
    Case("GET with a body", b"GET /goods HTTP/1.1\r\n" + _HEAD + b"Content-Length: %d\r\n\r\n" % len(_SECOND) + _SECOND,
         200, 1),
    # lines that break where they should not
    Case("bare LF ends the lines", b"GET /goods HTTP/1.1\nHost: shop.example\nCookie: _ga=1\nConnection: close\n\n",
         400, 0),
    get("bare CR in a header", 400, 0, b"X-A: 1\rX-Consent: marketing=1"),
    get("NUL in a header", 400, 0, b"X-A: 1\x00"),
    get("control character in a header", 400, 0, b"X-A: 1\x01"),
    get("folded header", 400, 0, b"X-A: 1", b" Cookie: _ga=2"),
    get("header without a name", 400, 0, b": 1"),
    get("header without a colon", 400, 0, b"X-A"),
    get("first header begins with a space", 400, 0, line=b"GET /goods HTTP/1.1\r\n X-A: 1"),
    get("line break in the path, escaped", 200, 1, target=b"/goods%0d%0aSet-Cookie:%20a=1"),
    post("line break in the way back", 303, 0, *_form(_INJECTED), body=_INJECTED, path=b"/_choices/choice"),
    get("line break in X-Forwarded-Host, escaped", 200, 1, b"X-Forwarded-Host: a%0d%0aX-A: 1"),
    # who is asked
    Case("no Host", b"GET /goods HTTP/1.1\r\nCookie: _ga=1\r\nConnection: close\r\n\r\n", 400, 0),
    get("two Hosts", 400, 0, b"Host: evil.example"),
    Case("Host with a path", b"GET /goods HTTP/1.1\r\nHost: shop.example/evil\r\nConnection: close\r\n\r\n", 400, 0),
    Case("Host with a user", b"GET /goods HTTP/1.1\r\nHost: a@shop.example\r\nConnection: close\r\n\r\n", 400, 0),
    Case("Host with a space", b"GET /goods HTTP/1.1\r\nHost: shop.example evil\r\nConnection: close\r\n\r\n", 400, 0),
    Case("empty Host", b"GET /goods HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 400, 0),
    get("absolute address of the shop", 200, 1, target=b"http://shop.example/goods"),
    get("absolute address of somebody else", 200, 1, target=b"http://evil.example/goods"),
    get("path that looks like a host", 200, 1, target=b"//evil.example/goods"),
    get("target without a slash", 400, 0, target=b"goods"),
    get("NUL in the path, escaped", 200, 1, target=b"/goods%00.css"),
    get("overlong UTF-8 in the path", 200, 1, target=b"/%c0%ae%c0%ae/goods"),
    get("raw bytes beyond ASCII in the path", 400, 0, target=b"/\xe5\x95\x86"),
    get("raw control character in the path", 400, 0, target=b"/goo\x01ds"),
    get("backslash in the path", 200, 1, target=b"/..\\goods"),
    get("broken escape in the path", 200, 1, target=b"/%zz%"),
    get("fragment in the target", 200, 1, target=b"/goods#_choices"),
    get("the gateway's prefix, escaped", 200, 0, target=b"/%5fchoices/state"),
    get("through the gateway's prefix", 404, 0, target=b"/_choices/../goods"),
    # other kinds of requests
    Case("HTTP/0.9", b"GET /goods\r\n\r\n", 400, 0),
    Case("HTTP/1.0 without Host", b"GET /goods HTTP/1.0\r\nCookie: _ga=1; sessionid=7\r\n\r\n", 200, 1),
    Case("chunked in HTTP/1.0", b"POST /order HTTP/1.0\r\n" + _HEAD + CHUNKED + b"\r\n\r\n" + EMPTY + _SECOND, 400, 0),
    get("HTTP/2.0 as version", 400, 0, line=b"GET /goods HTTP/2.0"),
    get("HTTP/1.9 as version", 400, 0, line=b"GET /goods HTTP/1.9"),
    get("no version that exists", 400, 0, line=b"GET /goods HTTP/11"),
    get("method in lower case", 400, 0, line=b"get /goods HTTP/1.1"),
    get("unknown method", 400, 0, line=b"TEA /goods HTTP/1.1"),
    Case("empty lines first", b"\r\n\r\nGET /goods HTTP/1.1\r\n" + _HEAD + b"\r\n", 200, 1),
    Case("TLS on the plain port", _CLIENT_HELLO, 400, 0),
    Case("HTTP/2 without being asked", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 400, 0),
    get("upgrade to h2c", 200, 1, b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
    Case("WebSocket without a key",
         b"GET /ws HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n", 400, 0),
    Case("CONNECT", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n",
         400, 0),
    get("TRACE", 405, 0, line=b"TRACE /goods HTTP/1.1"),
    get("OPTIONS of everything", 200, 1, line=b"OPTIONS * HTTP/1.1"),
    post("Expect: 100-continue", 100, 1, b"Expect: 100-continue", b"Content-Length: 2", body=b"ok"),
    post("an expectation nobody knows", 200, 1, b"Expect: tea", b"Content-Length: 2", body=b"ok"),
    # large
    get("a path of 70 kB", 400, 0, target=b"/" + b"x" * 70_000),
    get("a header of 70 kB", 400, 0, b"X-A: " + b"x" * 70_000),
    get("300 headers", 400, 0, *(b"X-%d: 1" % number for number in range(300))),
    get("8 kB of cookies", 200, 1, b"Cookie: " + b"; ".join(b"m%d=%s" % (n, b"x" * 990) for n in range(8))),
)  # fmt: skip

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
ANSWERS = (
    Case("control character in a header", _OK + b"X-A: 1\x01\r\n\r\nok", 502, 1),
    Case("NUL in a header", _OK + b"X-A: 1\x00\r\n\r\nok", 502, 1),
    Case("bare CR in a header", _OK + b"X-A: 1\rSet-Cookie: _ga=1\r\n\r\nok", 502, 1),
    Case("space in a header's name", _OK + b"X A: 1\r\n\r\nok", 502, 1),
    Case("header without a name", _OK + b": 1\r\n\r\nok", 502, 1),
    Case("folded header", _OK + b"X-A: 1\r\n Set-Cookie: _ga=1\r\n\r\nok", 200, 1),
    Case("status 999", b"HTTP/1.1 999 No\r\nContent-Length: 2\r\n\r\nok", 502, 1),
    Case("status 600", b"HTTP/1.1 600 No\r\nContent-Length: 2\r\n\r\nok", 502, 1),
    Case("status 99", b"HTTP/1.1 99 No\r\nContent-Length: 2\r\n\r\nok", 502, 1),
    Case("status without a phrase", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, 1),
    Case("two lengths that differ", _OK + b"Content-Length: 3\r\n\r\nokay", 502, 1),
    Case("length beside chunked", _OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 502, 1),
    Case("length with a sign", b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", 502, 1),
    Case("chunk size is no number", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\nok\r\n", 502, 1),
    Case("more than it said", _OK + b"\r\nok" + _OK + b"\r\nno", 200, 1),
    Case("less than it said", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 502, 1),
    Case("HTTP/0.9", b"<html>ok", 502, 1),
    Case("HTTP/2", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", 502, 1),
    Case("nothing", b"", 502, 1),
    Case("101 unasked", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tea\r\nConnection: upgrade\r\n\r\n", 502, 1),
    Case("a header of 70 kB", _OK + b"X-A: " + b"x" * 70_000 + b"\r\n\r\nok", 502, 1),
    Case("a thousand hints before the answer",
         b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000 + _OK + b"\r\nok", 200, 1),
)  # fmt: skip

_SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n"
)
HANDSHAKES = (
    Case("a tracker's cookie", _SWITCHED + b"Set-Cookie: _ga=1\r\n\r\n", 101, 1),
    Case("control character in a header", _SWITCHED + b"X-A: 1\x01\r\n\r\n", 502, 1),
    Case("space in a header's name", _SWITCHED + b"X A: 1\r\n\r\n", 502, 1),
    Case("folded header", _SWITCHED + b"X-A: 1\r\n X-B: 1\r\n\r\n", 502, 1),
    Case("the wrong key", _SWITCHED.replace(b"ACCEPT", b"tea") + b"\r\n", 502, 1),
    Case("a protocol nobody asked for", _SWITCHED + b"Sec-WebSocket-Protocol: tea\r\n\r\n", 502, 1),
    Case("an extension nobody asked for", _SWITCHED + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 502, 1),
    Case("a page", _OK + b"\r\nok", 200, 1),
    Case("status 999", b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", 502, 1),
    Case("no HTTP", b"tea", 502, 1),
    Case("nothing", b"", 502, 1),
)


def wire_table() -> str:
    """The table of the docs: what is sent, what the gateway answers, how often the shop is asked."""
    rows = ["| what a visitor sends | the gateway | the shop is asked |", "|---|---|---|"]
    rows += [f"| {case.name} | {_ANSWERED.get(case.status, case.status)} | {_TIMES[case.asked]} |" for case in REQUESTS]
    rows += ["", "| what the shop answers | the visitor gets |", "|---|---|"]
    rows += [f"| {case.name} | {_ANSWERED.get(case.status, case.status)} |" for case in ANSWERS]
    rows += ["", "| what the shop answers to a WebSocket | the visitor gets |", "|---|---|"]
    rows += [f"| {case.name} | {_ANSWERED.get(case.status, case.status)} |" for case in HANDSHAKES]
    return "\n".join(rows)


_TIMES = ("–", "once", "twice")
_ANSWERED = {100: "100, then 200", 101: "101, without it", 303: "303 to the settings page"}
