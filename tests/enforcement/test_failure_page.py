from __future__ import annotations

import pytest

from gateway.enforcement.failure_page import failure_page


@pytest.mark.parametrize("status", [405, 502, 503, 504])
def test_a_failure_is_told_in_both_languages_and_loads_nothing(status: int) -> None:
    headers, body = failure_page(status)
    lines = dict(headers)
    text = body.decode()
    assert f"<h1>{status}</h1>" in text
    assert '<html lang="zh-Hant">' in text
    assert '<p lang="en">The ' in text or '<p lang="en">This ' in text
    assert not {"src=", "href=", "<script", "<style", "//"} & {
        word for word in ("src=", "href=", "<script", "<style", "//") if word in text
    }
    assert lines[b"cache-control"] == b"no-store"
    assert lines[b"content-security-policy"].startswith(b"default-src 'none'")
    assert int(lines[b"content-length"]) == len(body)
