"""What the shop does to its visitors, and its record of the cookies that arrive."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

RECORD = "arrived.jsonl"
"""The file of one JSON line a request: path, cookies, `X-Consent`."""


def record_and_track(get_response: Any) -> Any:
    """Django middleware: notes each request and gives every visitor a `_fbp` no script can see."""
    record = settings.FOLDER / RECORD

    def handle(request: Any) -> Any:
        consent = request.headers.get("X-Consent", "")
        line = {"path": request.path, "cookies": dict(request.COOKIES), "consent": consent}
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        response = get_response(request)
        if "_fbp" not in request.COOKIES:
            value = "fb.1.1700000000000.1234567890"
            response.set_cookie("_fbp", value, max_age=7_776_000, httponly=True, samesite="Lax")
        return response

    return handle
