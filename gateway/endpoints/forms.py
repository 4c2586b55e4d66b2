"""What a visitor posts: who may post it, how large it may be, and its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from starlette.requests import Request

from gateway.enforcement.headers import get_all

LARGEST_BODY: Final = 16 * 1024
_MOST_FIELDS: Final = 64
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class FormError(Exception):
    """The request is answered with `status` and nothing changes; `message` names what is wrong."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a body, whichever way it was written; `json` says it was JSON."""

    fields: Mapping[str, list[object]]
    json: bool

    def one(self, name: str) -> object:
        """The first value of a field, None without any."""
        return next(iter(self.fields.get(name, ())), None)

    def all(self, name: str) -> list[object]:
        """Every value of a repeated field."""
        return list(self.fields.get(name, ()))


def require_own_page(request: Request) -> None:
    """Raises FormError 403 unless one of our own pages, or no browser at all, sent `request`.

    `Sec-Fetch-Site` decides where it is sent; before it there is `Origin`, whose scheme is not compared
    because TLS may end in front of us. No browser leaves out both on a form that another site posts.
    """
    headers = request.scope["headers"]
    sites, origins = get_all(headers, b"sec-fetch-site"), get_all(headers, b"origin")
    if sites:
        own = sites == [b"same-origin"]
    else:
        own = not origins or (len(origins) == 1 and _same_host(origins[0].decode("latin-1"), request))
    if not own:
        raise FormError(403, "cross-site: this can only be done from a page of the shop itself")


async def read_form(request: Request) -> Form:
    """The body as fields. Raises FormError: 413 over 16 kB, 415 for another type, 400 for bad syntax."""
    body = await read_body(request)
    kind = media_type(request)
    if kind == "application/json":
        return Form(_json_fields(body), json=True)
    if body and kind != "application/x-www-form-urlencoded":
        raise FormError(415, "content-type: expected a form or JSON")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise FormError(400, "body: expected an encoded form") from None
    return Form({name: list(values) for name, values in fields.items()}, json=_wants_json(request))


async def read_body(request: Request) -> bytes:
    """The whole body. Raises FormError 413 over 16 kB."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise FormError(413, f"body: expected at most {LARGEST_BODY} bytes")
    return body


def media_type(request: Request) -> str:
    """The type of the body in lower case, without parameters; "" if none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def local_path(value: object) -> str | None:
    """`value` if it is a path on this host that no browser takes for another place, else None."""
    if not isinstance(value, str) or not value.startswith("/") or value.startswith("//"):
        return None
    hostile = len(value) > 2048 or "\\" in value or any(ord(c) <= 32 or ord(c) == 127 for c in value)
    encodable = value.isprintable()
    return value if encodable and not hostile else None


def _json_fields(body: bytes) -> dict[str, list[object]]:
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        parsed = None
    if not isinstance(parsed, dict):
        raise FormError(400, "body: expected a JSON object")
    return {name: value if isinstance(value, list) else [value] for name, value in parsed.items()}


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip() == "application/json"


def _same_host(origin: str, request: Request) -> bool:
    try:
        parts = urlsplit(origin)
        own = urlsplit(f"//{request.headers.get('host', '')}")
        default = _DEFAULT_PORTS.get(parts.scheme)
        theirs = (parts.hostname, parts.port or default)
        return bool(parts.hostname and default) and theirs == (own.hostname, own.port or default)
    except ValueError:
        return False
