"""The page a visitor gets when the shop's answer cannot be had or cannot be shown."""

from __future__ import annotations

from html import escape
from typing import Final

from gateway.types import RawHeaders

_TEXTS: Final[dict[int, tuple[str, str]]] = {
    405: ("不支援這種請求方式。", "This kind of request is not supported."),
    502: ("網站暫時無法回應，請稍後再試。", "The site cannot answer at the moment. Please try again later."),
    503: ("現在訪客過多，請稍後再試。", "The site is very busy at the moment. Please try again in a few seconds."),
    504: ("網站回應逾時，請稍後再試。", "The site took too long to answer. Please try again later."),
}


def failure_page(status: int) -> tuple[RawHeaders, bytes]:
    """Headers and body for `status` (405, 502, 503 or 504): self-contained, never stored, nothing loaded."""
    chinese, english = _TEXTS[status]
    body = (
        '<!doctype html><html lang="zh-Hant"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{status}</title></head><body><h1>{status}</h1>"
        f'<p>{escape(chinese)}</p><p lang="en">{escape(english)}</p></body></html>'
    ).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (
            b"content-security-policy",
            b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    return headers, body
