"""The golden answer: headers, codings, statuses and destinations through the whole gateway, refused and undecided."""

from __future__ import annotations

import gzip
import http.client
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
import zstandard

from gateway.app import Gateway, create_app
from gateway.types import RawHeaders, Receive, Scope, Send
from tests.proxy.servers import serve
from tests.test_app import settings

T = "https://x.doubleclick.net"
HOST = b"x.doubleclick.net"
TEXT = " ".join(str(number * number) for number in range(500))
PAGE = f"<!doctype html><title>茶</title><script src='{T}/a.js'></script><p>own {TEXT}".encode()
HTML = (b"content-type", b"text/html; charset=utf-8")


class Shop:
    """Answers every request as told; keeps the paths it was asked for."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, [HTML], PAGE
        self.asked: list[str] = []
        self.cookies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        self.cookies = [value for name, value in scope["headers"] if name == b"cookie"]
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Site:
    """The gateway before such a shop."""

    def __init__(self, gateway: Gateway, shop: Shop, port: int) -> None:
        self.gateway, self.shop, self.port = gateway, shop, port

    def get(self, path: str = "/", **headers: str) -> tuple[int, RawHeaders, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers={"Host": "shop.example", "Sec-Fetch-Dest": "document", **named})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, [(n.lower().encode(), v.encode("latin-1")) for n, v in answer.getheaders()], body


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    shop = Shop()
    gateway = create_app(settings(Path(tmp_path_factory.mktemp("site"))), shop=shop)
    with serve(gateway, lifespan="on") as port:
        yield Site(gateway, shop, port)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "gzip": gzip.compress(PAGE),
    "GZIP": gzip.compress(PAGE),
    "x-gzip": gzip.compress(PAGE[:30]) + gzip.compress(PAGE[30:]),
    "deflate": zlib.compress(PAGE),
    "deflate ": raw_deflate(PAGE),
    "br": brotli.compress(PAGE),
    "zstd": zstandard.compress(PAGE),
    "gzip, br": brotli.compress(gzip.compress(PAGE)),
    "identity, zstd, gzip": gzip.compress(zstandard.compress(PAGE)),
    "identity": PAGE,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_an_encoded_page_nobody_asked_for_is_read_all_the_same(site: Site, coding: str) -> None:
    site.shop.headers, site.shop.status = [HTML, (b"content-encoding", coding.encode())], 200
    site.shop.body = CODINGS[coding]
    status, headers, body = site.get()
    assert status == 200
    assert HOST not in body.replace(b'data-consent-src="https://x.doubleclick.net/a.js"', b"")
    assert b"<p>own" in body
    assert not [name for name, _ in headers if name == b"content-encoding"]


BROKEN = {
    "gzip cut short": ("gzip", gzip.compress(PAGE)[:-12], "broken-encoding"),
    "gzip that is none": ("gzip", PAGE, "broken-encoding"),
    "br cut short": ("br", brotli.compress(PAGE)[:-5], "broken-encoding"),
    "zstd cut short": ("zstd", zstandard.compress(PAGE)[:-5], "broken-encoding"),
    "zstd that is none": ("zstd", PAGE, "broken-encoding"),
    "deflate that is none": ("deflate", b"\xff" + PAGE, "broken-encoding"),
    "unknown": ("compress", PAGE, "unknown-encoding"),
    "unknown among known": ("gzip, dcb", PAGE, "unknown-encoding"),
    "too many": ("gzip,gzip,gzip,gzip", PAGE, "unknown-encoding"),
}


@pytest.mark.parametrize(("coding", "body", "why"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_closed_and_counted(site: Site, coding: str, body: bytes, why: str) -> None:
    site.shop.headers, site.shop.body, site.shop.status = [HTML, (b"content-encoding", coding.encode())], body, 200
    before = counted(site, why)
    assert b"src='https" not in site.get()[2]
    assert counted(site, why) == before + 1


def counted(site: Site, what: str) -> int:
    return sum(number for series, number in site.gateway.counters.rows() if what in series)


def test_a_bomb_is_let_out_piece_by_piece(site: Site) -> None:
    site.shop.headers, site.shop.status = [HTML, (b"content-encoding", b"gzip")], 200
    site.shop.body = gzip.compress(PAGE + b" " * (64 << 20))
    status, _, body = site.get()
    assert (status, len(body) > 64 << 20) == (200, True)


OF_THE_OLD_BODY = [
    "Content-MD5", "Digest", "Repr-Digest", "Content-Digest", "Accept-Ranges", "Content-Range", "ETag",
    "Last-Modified", "Content-Length", "Use-As-Dictionary",
]  # fmt: skip


def test_headers_tell_nothing_of_the_body_that_was(site: Site) -> None:
    old = [(name.lower().encode(), b"17") for name in OF_THE_OLD_BODY if name != "Content-Length"]
    site.shop.headers, site.shop.body, site.shop.status = [HTML, *old], PAGE, 200
    names = {name for name, _ in site.get()[1]}
    assert names.isdisjoint(name for name, _ in old)


def test_part_of_a_page_is_closed(site: Site) -> None:
    site.shop.headers, site.shop.body, site.shop.status = [HTML, (b"content-range", b"bytes 9-99/200")], PAGE, 206
    assert site.get(Range="bytes=9-99")[0] == 502


DESTINATIONS = {
    "document": True, "": True, "iframe": False, "frame": False, "embed": False, "object": False, "empty": False,
    "fencedframe": False,
}  # fmt: skip


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_only_a_page_of_its_own_gets_the_banner_and_all_are_filtered(site: Site, destination: str) -> None:
    site.shop.headers, site.shop.body, site.shop.status = [HTML], PAGE, 200
    body = site.get(Sec_Fetch_Dest=destination)[2]
    assert (b"data-consent-banner" in body) is DESTINATIONS[destination]
    assert b"<script src='https://x.doubleclick" not in body
    once = body
    site.shop.body = once
    assert site.get(Sec_Fetch_Dest="iframe")[2] == once


DOORS: dict[str, tuple[str, str]] = {
    "preconnect": ("Link", f"<{T}>; rel=preconnect"),
    "preload": ("Link", f'</own>; rel=next, <{T}/a.js>; rel="preload"; as=script'),
    "preload set": ("Link", f'</own>; rel=preload; as=image; imagesrcset="{T}/a 1x"'),
    "dns-prefetch": ("Link", "<//x.doubleclick.net>;rel=DNS-PREFETCH"),
    "prefetch": ("Link", f"<{T}/p>; rel=prefetch"),
    "prerender": ("Link", f"<{T}/p>; rel='prerender'; rel=prerender"),
    "modulepreload": ("Link", f"<{T}/a.mjs>; rel=modulepreload"),
    "stylesheet": ("Link", f'<{T}/s.css>; rel="x stylesheet"'),
    "icon": ("Link", f"<{T}/i>; rel=icon"),
    "dictionary": ("Link", f"<{T}/d>; rel=compression-dictionary"),
    "refresh": ("Refresh", f"3; url={T}/r"),
    "refresh without a word": ("Refresh", f"3,{T}/r"),
    "report-to": ("Report-To", f'{{"max_age":9,"endpoints":[{{"url":"{T}/r"}}]}}'),
    "reporting-endpoints": ("Reporting-Endpoints", f'a="{T}/r"'),
    "speculation-rules": ("Speculation-Rules", f'"{T}/s"'),
    "observe topics": ("Observe-Browsing-Topics", "?1"),
    "register": ("Attribution-Reporting-Register-Source", f'{{"destination":"{T}"}}'),
    "nel": ("NEL", '{"report_to":"x","max_age":9}'),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", [b"text/html", b"image/png"])
def test_no_header_opens_a_side_door(site: Site, door: str, kind: bytes) -> None:
    name, value = DOORS[door]
    header = name.lower().encode()
    first = (header, b"</own>; rel=next" if name == "Link" else value.encode())
    site.shop.headers = [(b"content-type", kind), first, (header, value.encode())]
    site.shop.body, site.shop.status = b"", 200
    left = [line for found, line in site.get()[1] if found == header]
    assert HOST not in b" ".join(left)
    assert bool(left) is (name == "Link")


@pytest.mark.parametrize("status", [200, 201, 301, 302, 303, 304, 307, 400, 403, 404, 410, 500, 503])
def test_no_status_lets_a_cookie_pass(site: Site, status: int) -> None:
    set_cookies = [(b"set-cookie", b"_fbp=fb.1; Path=/"), (b"set-cookie", b"sessionid=a; HttpOnly")]
    site.shop.headers = [HTML, *set_cookies, (b"location", b"/next")]
    site.shop.body, site.shop.status = b"" if status == 304 else PAGE, status
    got, headers, _ = site.get(Cookie="_fbp=fb.1.2; sessionid=a; cart=1")
    cookies = [value for name, value in headers if name == b"set-cookie"]
    assert got == status
    assert b"sessionid=a; HttpOnly" in cookies
    assert not [value for value in cookies if value.startswith(b"_fbp=fb")]
    assert site.shop.cookies == [b"sessionid=a; cart=1"]


def test_the_shops_own_paths_do_not_lead_to_trackers(site: Site) -> None:
    site.shop.headers, site.shop.body, site.shop.status = [(b"location", f"{T}/i".encode())], b"", 302
    assert site.get("/p.gif", Sec_Fetch_Dest="image")[0] == 204
    assert site.get("/out", Sec_Fetch_Dest="document")[0] == 302
    before = len(site.shop.asked)
    assert site.get("/stats/matomo.js", Sec_Fetch_Dest="script")[0] == 204
    assert len(site.shop.asked) == before
