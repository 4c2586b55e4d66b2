"""An answer after which another choice holds sets its cookie and takes the others away."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.endpoints.choice_cookies import ChoiceCookies
from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.enforcement.cookies import CookieFilter
from gateway.model.categories import OPTIONAL, Category
from gateway.model.choice import Choice, make_choice, refuse_all
from gateway.model.decision import Rules

DAY = 20_000
KNOWN = {"_ga": Category.STATISTICS, "_fbp": Category.MARKETING, "sessionid": Category.NECESSARY}


def lines(choice: Choice, cookie: bytes = b"_ga=1; _fbp=2; sessionid=3", scheme: str = "http") -> list[str]:
    headers = [(b"host", b"www.shop.tw"), (b"cookie", cookie)]
    request = Request({"type": "http", "scheme": scheme, "method": "POST", "path": "/", "headers": headers})
    store = ChoiceCookies(ConsentCookie([b"k" * 32]), CookieFilter(KNOWN.get), Rules())
    return store.stored(Response(), request, choice, DAY).headers.getlist("set-cookie")


def test_a_refusal_is_stored_and_every_optional_cookie_that_came_expires() -> None:
    stored, *gone = lines(refuse_all(DAY, 1))
    assert stored.startswith("consent=1.r.20000.p1.")
    assert {line.partition("=")[0] for line in gone} == {"_ga", "_fbp"}
    assert all("Max-Age=0" in line for line in gone)


def test_what_is_granted_stays() -> None:
    choice = make_choice(frozenset({Category.STATISTICS}), {Category.MARKETING: DAY}, DAY, 1, id="x" * 22)
    assert {line.partition("=")[0] for line in lines(choice)} == {"consent", "_fbp"}


def test_an_empty_choice_sets_no_cookie_of_ours() -> None:
    empty = make_choice(frozenset(), {}, DAY, 1)
    assert {line.partition("=")[0] for line in lines(empty)} == {"_ga", "_fbp"}


def test_over_https_it_has_the_secure_name() -> None:
    granted = make_choice(frozenset(OPTIONAL), {}, DAY, 1, id="x" * 22)
    (stored,) = lines(granted, b"sessionid=3", "https")
    assert stored.startswith("__Secure-consent=")
