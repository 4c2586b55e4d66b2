"""The sign-in cookie: own path, short, and worth nothing once its token is."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request

from gateway.config.tokens import Tokens
from gateway.endpoints.staff_session import SECONDS, StaffSession

KEY = b"k" * 32


def request(cookie: str, scheme: str = "http") -> Request:
    return Request({"type": "http", "scheme": scheme, "headers": [(b"cookie", cookie.encode("latin-1"))]})


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    found = Tokens(tmp_path)
    found.new("marketing")
    return found


def test_it_holds_for_the_role_of_its_token_until_it_is_over_or_revoked(tokens: Tokens) -> None:
    now = [1000.0]
    session = StaffSession([KEY], "/_choices/dashboard", tokens, lambda: now[0])
    (token,) = tokens.all()
    cookie = session.set_cookie(token.id, "http").partition(";")[0]
    assert session.holds(request(cookie), "marketing")
    assert not session.holds(request(cookie), "ops")
    now[0] += SECONDS
    assert not session.holds(request(cookie), "marketing")
    now[0] -= 1
    assert session.holds(request(cookie), "marketing")
    tokens.revoke(token.id)
    assert not session.holds(request(cookie), "marketing")


def test_its_attributes(tokens: Tokens) -> None:
    session = StaffSession([KEY], "/_choices/dashboard", tokens, lambda: 0.0)
    plain, secure = session.set_cookie("abc", "http"), session.set_cookie("abc", "https")
    assert plain.endswith(f"; Max-Age={SECONDS}; Path=/_choices/dashboard; HttpOnly; SameSite=Strict")
    assert secure.startswith("__Secure-staff=")
    assert secure.endswith("; SameSite=Strict; Secure")
    assert session.set_cookie("", "http").startswith("staff=; Max-Age=0; ")


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "staff", "\xff.1.x", "abc.99999999999"])
def test_what_was_not_signed_by_us_holds_nothing(tokens: Tokens, value: str) -> None:
    session = StaffSession([KEY], "/d", tokens, lambda: 0.0)
    assert not session.holds(request(f"staff={value}"), "marketing")


def test_a_cookie_of_another_path_or_key_holds_nothing_and_an_older_key_does(tokens: Tokens) -> None:
    (token,) = tokens.all()
    session = StaffSession([KEY, b"n" * 32], "/d", tokens, lambda: 0.0)
    for keys, path, holds in (([KEY], "/d", True), ([KEY], "/e", False), ([b"x" * 32], "/d", False)):
        cookie = StaffSession(keys, path, tokens, lambda: 0.0).set_cookie(token.id, "http").partition(";")[0]
        assert session.holds(request(cookie), "marketing") == holds
