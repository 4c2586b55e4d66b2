import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcement.cookies import EXPIRY_BUDGET, CookieFilter
from gateway.enforcement.lifetime import cookie_date
from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.choice import Choice
from gateway.model.decision import Decision
from gateway.model.service import Service
from gateway.types import RawHeaders

P, S, M = OPTIONAL
U = State.UNSET
NOTHING = Decision(U, U, U)
EVERYTHING = Decision(State.GRANTED, State.GRANTED, State.GRANTED)
HOST = "www.shop.tw"
CONFORMANCE = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "cookies"


def classify(name: str) -> Category | None:
    if name.startswith(("_ga", "__Secure-ga", "__Host-ga")):
        return S
    return {"sessionid": Category.NECESSARY, "lang": P, "_fbp": M, "_dé": M}.get(name)


def filtered(cookies: CookieFilter, *lines: bytes, decision: Decision = NOTHING) -> list[bytes]:
    headers, _ = cookies.request([(b"cookie", line) for line in lines], decision)
    return [value for _, value in headers]


FILTER = CookieFilter(classify)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        pytest.param(b"sessionid=1; _ga=2; x=3", b"sessionid=1; x=3", id="in the middle"),
        pytest.param(b"_ga=2; sessionid=1", b"sessionid=1", id="in front"),
        pytest.param(b"sessionid=1; _ga=2", b"sessionid=1", id="at the end"),
        pytest.param(b"_ga=1; _ga=2; x=1; _ga=3", b"x=1", id="several copies"),
        pytest.param(b"x=1; x=2; _ga=1", b"x=1; x=2", id="duplicates are kept"),
        pytest.param(b'x="a;b"; _ga=1', b'x="a;b"', id="quotes are bytes like others"),
        pytest.param(b'x="1; _ga=1; y=2"', b'x="1; y=2"', id="no hiding between quotes"),
        pytest.param(b"x=a=b==; _ga=a=b", b"x=a=b==", id="equals signs in values"),
        pytest.param(b"x=1;_ga=2;y=3", b"x=1;y=3", id="no spaces"),
        pytest.param(b"x=1;   y = 2 ;\t_ga =3;z", b"x=1;   y = 2 ;z", id="odd spacing"),
        pytest.param(b"x=1; _ga=2;", b"x=1;", id="trailing semicolon"),
        pytest.param(b"x=1; _fbp =2;_fbp\t=3", b"x=1", id="space after the name"),
        pytest.param(b"x=1; _ga; y=2", b"x=1; y=2", id="without a value"),
        pytest.param(b"x=1; =_ga=2; =v; w", b"x=1; =v; w", id="nameless"),
        pytest.param(
            "x=é; _dé=1; 名=1".encode("latin-1", "ignore"), "x=é; =1".encode("latin-1"), id="latin-1"
        ),
        pytest.param("名=值; _ga=1".encode(), "名=值".encode(), id="UTF-8"),
        pytest.param(b"_GA=1; ga=1; x_ga=1; _g=1", b"_GA=1; ga=1; x_ga=1; _g=1", id="other names"),
        pytest.param(b"consent=1; x=1; __Secure-consent=2", b"x=1", id="the gateway's own"),
        pytest.param(b"x=1; =consent=forged", b"x=1", id="the gateway's own without a name"),
    ],
)
def test_what_is_kept_stays_byte_for_byte(line: bytes, kept: bytes) -> None:
    assert filtered(FILTER, line) == [kept]


@pytest.mark.parametrize("line", [b"_ga=1", b"_ga=1; ", b"_ga=1;;_fbp=2;", b" _ga=1 ; lang=2"])
def test_a_line_with_nothing_left_goes(line: bytes) -> None:
    assert filtered(FILTER, line) == []


def test_every_line_is_cut_and_other_headers_stay_in_order() -> None:
    headers: RawHeaders = [
        (b"cookie", b"a=1; _ga=1"),
        (b"host", b"_ga=1"),
        (b"cookie", b"_fbp=1"),
        (b"cookie", b"b=2"),
    ]
    kept, removed = FILTER.request(headers, NOTHING)
    assert kept == [(b"cookie", b"a=1"), (b"host", b"_ga=1"), (b"cookie", b"b=2")]
    assert removed == ["_ga", "_fbp"]


def test_a_request_without_cookies_is_the_same_object() -> None:
    headers: RawHeaders = [(b"host", b"x")]
    assert FILTER.request(headers, NOTHING)[0] is headers
    assert FILTER.response(headers, NOTHING)[0] is headers


@pytest.mark.parametrize("granted", OPTIONAL)
def test_a_granted_category_keeps_its_cookies_and_no_others(granted: Category) -> None:
    preferences, statistics, marketing = (State.GRANTED if c is granted else U for c in OPTIONAL)
    decision = Decision(preferences, statistics, marketing)
    kept = {P: b"lang=1", S: b"_ga=1", M: b"_fbp=1"}[granted]
    line = b"lang=1; _ga=1; _fbp=1"
    assert filtered(FILTER, line, decision=decision) == [kept]
    answer: RawHeaders = [(b"set-cookie", pair) for pair in line.split(b"; ")]
    assert FILTER.response(answer, decision)[0] == [(b"set-cookie", kept)]


def test_unknown_cookies_pass_and_are_reported_by_name_each_time() -> None:
    heard: list[str] = []
    cookies = CookieFilter(classify, unknown=heard.append)
    assert filtered(cookies, b"odd=secret; =; ; sessionid=1", b"odd=2") == [
        b"odd=secret; =; ; sessionid=1",
        b"odd=2",
    ]
    assert heard == ["odd", "odd"]


def test_strict_drops_unknown_cookies_in_both_directions_and_no_necessary_ones() -> None:
    cookies = CookieFilter(classify, strict=True)
    assert filtered(cookies, b"odd=1; sessionid=1; lang=1;", decision=EVERYTHING) == [b"sessionid=1; lang=1;"]
    answer: RawHeaders = [(b"set-cookie", b"odd=1"), (b"set-cookie", b"sessionid=1"), (b"x", b"1")]
    assert cookies.response(answer, EVERYTHING) == ([(b"set-cookie", b"sessionid=1"), (b"x", b"1")], ["odd"])
    assert cookies.expiries(["odd"], HOST, "http") == []


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        pytest.param(b"_ga=1; Path=/", False, id="optional"),
        pytest.param(b" _ga = 1", False, id="spaces around the name"),
        pytest.param(b"_ga", False, id="no value"),
        pytest.param(b"=_ga=1", False, id="nameless, sent back as a name"),
        pytest.param(b"_ga=; Max-Age=0", True, id="the shop's own deletion"),
        pytest.param(b"_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", True, id="deletion by date"),
        pytest.param(b"sessionid=_ga; _ga=1", True, id="name of an attribute"),
        pytest.param(b"odd=1", True, id="unknown"),
        pytest.param(b"consent=; Max-Age=0", False, id="the gateway's own, even to delete it"),
        pytest.param(b"__Secure-consent=1", False, id="the gateway's own over TLS"),
    ],
)
def test_what_the_shop_may_set_without_consent(line: bytes, passes: bool) -> None:
    headers, dropped = FILTER.response([(b"set-cookie", line)], NOTHING)
    assert headers == ([(b"set-cookie", line)] if passes else [])
    assert bool(dropped) is not passes


def test_with_consent_everything_but_the_gateways_own_may_be_set() -> None:
    lines: RawHeaders = [(b"set-cookie", b"_ga=1"), (b"set-cookie", b"_fbp=1"), (b"set-cookie", b"consent=1")]
    assert FILTER.response(lines, EVERYTHING) == (lines[:2], ["consent"])


def test_report_mode_names_and_changes_nothing() -> None:
    cookies = CookieFilter(classify, report=True)
    headers, removed = cookies.request([(b"cookie", b"_ga=1; x=1; consent=1")], NOTHING)
    assert (headers, removed) == ([(b"cookie", b"_ga=1; x=1")], ["_ga"])
    answer: RawHeaders = [(b"set-cookie", b"_ga=1"), (b"set-cookie", b"consent=1")]
    assert cookies.response(answer, NOTHING) == (answer[:1], ["_ga", "consent"])
    assert cookies.expiries(["_ga"], HOST, "http") == []


def test_names_from_visitors_do_not_fill_the_memory() -> None:
    asked: list[str] = []

    def ask(name: str) -> Category | None:
        asked.append(name)
        return classify(name)

    cookies = CookieFilter(ask)
    filtered(cookies, b"; ".join(b"n%d=1" % n for n in range(5000)))
    assert filtered(cookies, b"_ga=1; consent=1; x=1") == [b"x=1"]
    assert len(cookies._verdicts) <= 4096
    before = len(asked)
    filtered(cookies, b"_ga=1; x=1")
    assert len(asked) == before


class Jar:
    """What a browser holds: cookies by name, domain, path and partition."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.held: set[tuple[bytes, str, str, bool]] = set()

    def take(self, line: bytes, secure: bool = True) -> None:
        pair, *rest = line.decode().split("; ")
        attributes = {k.lower(): v for k, _, v in (part.partition("=") for part in rest)}
        domain = attributes.get("domain", "")
        assert not domain or self.host == domain or self.host.endswith("." + domain)
        name = pair.partition("=")[0].encode()
        key = (name, domain, attributes.get("path", "/"), "partitioned" in attributes)
        assert "secure" in attributes or not name.lower().startswith((b"__secure-", b"__host-"))
        if attributes.get("max-age") == "0":
            self.held.discard(key)
        else:
            self.held.add(key)

    def header(self) -> RawHeaders:
        return [(b"cookie", b"; ".join(name + b"=v" for name, *_ in sorted(self.held)))]


def domains(host: str) -> Sequence[str]:
    return ("www.shop.tw", "shop.tw")


def test_twins_in_every_place_are_gone_and_the_session_is_kept() -> None:
    cookies = CookieFilter(classify, domains=domains, listed={"_fbp": [(".shop.tw", "/ads"), ("", "/deep")]})
    jar = Jar(HOST)
    shop = [
        b"_ga=1; Path=/; HttpOnly",
        b"_ga=1; Domain=shop.tw; Path=/; Secure",
        b"_ga=1; Path=/shop/cart",
        b"_ga=1; Path=/; Partitioned; Secure",
        b"__Secure-ga=1; Path=/; Secure",
        b"__Host-ga=1; Path=/; Secure",
        b"_fbp=1; Domain=shop.tw; Path=/ads",
        b"_fbp=1; Path=/deep",
        b"sessionid=1; Path=/; HttpOnly",
    ]
    for line in shop:
        jar.take(line)
    cookies.response([(b"set-cookie", line) for line in shop[:6]], EVERYTHING)
    _, removed = cookies.request(jar.header(), NOTHING)
    for line in cookies.expiries(removed, HOST, "https"):
        jar.take(line)
    assert jar.held == {(b"sessionid", "", "/", False)}


def test_only_what_is_known_expires() -> None:
    cookies = CookieFilter(classify)
    assert cookies.expiries(["sessionid", "odd", "consent", "_ga", "_ga"], HOST, "http") == [
        b"_ga=; Max-Age=0; Path=/"
    ]


def test_sixty_cookies_go_three_kilobytes_at_a_time() -> None:
    cookies = CookieFilter(classify, domains=domains)
    jar = Jar(HOST)
    for number in range(60):
        jar.take(b"_ga_with_a_long_name_%d=1; Path=/; Domain=shop.tw" % number)
    responses = 0
    while jar.held and responses < 200:
        _, removed = cookies.request(jar.header(), NOTHING)
        lines = cookies.expiries(removed, HOST, "https")
        assert sum(len(b"set-cookie: " + line + b"\r\n") for line in lines) <= EXPIRY_BUDGET
        for line in lines:
            jar.take(line)
        responses += 1
    assert not jar.held
    assert responses > 1


def test_what_does_not_fit_starts_elsewhere_the_next_time() -> None:
    starts = iter([0, 70])
    cookies = CookieFilter(classify, start=lambda count: next(starts))
    names = [f"_ga_{number:03}" for number in range(100)]
    first, second = (cookies.expiries(names, HOST, "http") for _ in range(2))
    assert first[0].startswith(b"_ga_000=")
    assert second[0].startswith(b"_ga_070=")
    assert b"_ga_000=; Max-Age=0; Path=/" in second


def test_on_a_shared_host_nothing_of_a_neighbour_expires() -> None:
    cookies = CookieFilter(classify, domains=domains, path="/000489/", listed={"_fbp": [("shop.tw", "/")]})
    seen = [b"_ga=1; Path=/", b"_ga=1; Domain=shop.tw; Path=/000489/", b"_ga=1; Path=/0004890/"]
    seen += [b"_ga=1; Path=/000489", b"_ga=1; Path=/000489/cart", b"_ga=1; Domain=bad domain"]
    cookies.response([(b"set-cookie", line) for line in seen], NOTHING)
    assert cookies.expiries(["_ga", "_fbp"], HOST, "http") == [
        b"_ga=; Max-Age=0; Path=/000489/",
        b"_ga=; Max-Age=0; Path=/000489",
        b"_ga=; Max-Age=0; Path=/000489/cart",
        b"_fbp=; Max-Age=0; Path=/000489/",
        b"_fbp=; Max-Age=0; Path=/; Domain=shop.tw",
    ]


TODAY = 20_000
GRANT = Choice(frozenset(OPTIONAL), frozenset(), TODAY - 175, TODAY - 175, 1, False, "x" * 22)


def lasting(line: bytes, decision: Decision, *, report: bool = False) -> bytes:
    """`line` as it passes on the day TODAY, at noon."""
    cookies = CookieFilter(classify, clock=lambda: (TODAY + 0.5) * 86_400, report=report)
    ((_, passed),), _ = cookies.response([(b"set-cookie", line)], decision)
    return passed


@pytest.mark.parametrize(
    ("line", "decision", "passed"),
    [
        pytest.param(b"_ga=1; Max-Age=63072000; Path=/", replace(EVERYTHING, choice=GRANT),
                     b"_ga=1; Max-Age=907200; Path=/", id="the rest of the grant: ten days and a half"),
        pytest.param(b"_ga=1; Max-Age=63072000", EVERYTHING, b"_ga=1; Max-Age=34128000", id="395 days"),
        pytest.param(b"_ga=1; Max-Age=900000", replace(EVERYTHING, choice=GRANT), b"_ga=1; Max-Age=900000", id="short"),
        pytest.param(b"_ga=1; Path=/; HttpOnly", replace(EVERYTHING, choice=GRANT), b"_ga=1; Path=/; HttpOnly",
                     id="the session"),
        pytest.param(b"sessionid=1; Max-Age=63072000", EVERYTHING, b"sessionid=1; Max-Age=63072000", id="necessary"),
        pytest.param(b"other=1; Max-Age=63072000", EVERYTHING, b"other=1; Max-Age=63072000", id="unknown"),
        pytest.param(b"_ga=; Max-Age=0", NOTHING, b"_ga=; Max-Age=0", id="a deletion"),
        pytest.param(b"_ga=1; Max-Age=9", replace(EVERYTHING, choice=replace(GRANT, day=TODAY - 400)),
                     b"_ga=1; Max-Age=0", id="no grant left"),
    ],
)  # fmt: skip
def test_a_granted_cookie_lives_no_longer_than_the_grant(line: bytes, decision: Decision, passed: bytes) -> None:
    assert lasting(line, decision) == passed


GRANTED_TODAY = replace(EVERYTHING, choice=Choice(frozenset(OPTIONAL), frozenset(), TODAY, TODAY, 1, False, "x" * 22))
OWNERS = {
    "_ga": Service("counter", "Counter", S, exempt=True),
    "_fbp": Service("game", "Game", M, covered=False),
    "lang": Service("language", "Language", P, days=30),
}


def owned(exempt_until: int | None = None, *, at: float = TODAY) -> CookieFilter:
    return CookieFilter(classify, owner=OWNERS.get, exempt_until=exempt_until, clock=lambda: at * 86_400)


def test_a_cookie_lives_no_longer_than_its_entry_says() -> None:
    headers, _ = owned().response([(b"set-cookie", b"lang=1; Max-Age=9999999")], GRANTED_TODAY)
    assert headers == [(b"set-cookie", b"lang=1; Max-Age=2592000")]


def test_no_grant_lets_the_cookie_of_a_service_pass_that_it_does_not_cover() -> None:
    assert filtered(owned(), b"a=1; _fbp=2", decision=EVERYTHING) == [b"a=1"]
    assert owned().response([(b"set-cookie", b"_fbp=1")], EVERYTHING) == ([], ["_fbp"])
    assert owned().expiries(["_fbp"], HOST, "http")


def test_the_cookie_of_an_exempt_measurement_passes_while_it_runs() -> None:
    running = replace(NOTHING, exempt=True)
    assert filtered(owned(TODAY), b"_ga=1; lang=1", decision=running) == [b"_ga=1"]
    assert filtered(owned(TODAY), b"_ga=1; lang=1", decision=NOTHING) == []
    assert filtered(owned(), b"_ga=1; lang=1", decision=EVERYTHING) == [b"_ga=1; lang=1"]


@pytest.mark.parametrize("visited", [TODAY, TODAY + 9.5, TODAY + 99.75])
def test_visits_do_not_move_the_end_of_an_exempt_measurement(visited: float) -> None:
    decision = replace(NOTHING, exempt=True)
    lines = [b"_ga=1; Max-Age=63072000", b"_ga=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT"]
    headers, _ = owned(TODAY + 99, at=visited).response([(b"set-cookie", line) for line in lines], decision)
    (_, by_age), (_, by_date) = headers
    assert visited * 86_400 + int(by_age.partition(b"Max-Age=")[2]) == (TODAY + 100) * 86_400
    assert cookie_date(by_date.partition(b"Expires=")[2]) == (TODAY + 100) * 86_400


def test_reporting_leaves_lifetimes_alone() -> None:
    assert lasting(b"_ga=1; Max-Age=63072000", EVERYTHING, report=True) == b"_ga=1; Max-Age=63072000"


def test_what_the_shop_says_of_places_is_remembered_within_limits() -> None:
    cookies = CookieFilter(classify)
    for number in range(20):
        cookies.response([(b"set-cookie", b"_ga=1; Path=/p%d" % number)], NOTHING)
    assert len(cookies.expiries(["_ga"], HOST, "http")) == 7
    for number in range(1100):
        cookies.response([(b"set-cookie", b"_ga%d=1; Path=/p" % number)], NOTHING)
    assert len(cookies._seen) <= 1024
    assert len(cookies.expiries(["_ga1099"], HOST, "http")) == 2


def test_hosts_from_visitors_do_not_fill_the_memory() -> None:
    cookies = CookieFilter(classify)
    for number in range(4100):
        cookies.expiries(["_ga"], f"h{number}.shop.tw", "http")
    assert len(cookies._lines) <= 4096


def test_a_cookie_without_a_path_lives_in_the_directory_of_its_page() -> None:
    cookies = CookieFilter(classify)
    cookies.response([(b"set-cookie", b"_ga=1")], NOTHING, "/shop/cart")
    assert cookies.expiries(["_ga"], HOST, "http")[1:] == [b"_ga=; Max-Age=0; Path=/shop"]


@given(st.lists(st.binary(max_size=30), max_size=4))
def test_no_bytes_raise_and_consent_keeps_them_all(lines: list[bytes]) -> None:
    headers = [(b"cookie", line) for line in lines]
    cookies = CookieFilter(classify, own=frozenset())
    assert cookies.request(headers, EVERYTHING)[0] == headers
    cookies.request(headers, NOTHING)
    cookies.response([(b"set-cookie", line) for line in lines], NOTHING)


def conformance_lines() -> list[bytes]:
    tests = json.loads((CONFORMANCE / "http-state" / "parser.json").read_text("utf-8"))
    sent = [f"{pair['name']}={pair['value']}" for test in tests for pair in test["sent"]]
    top = json.loads((CONFORMANCE / "jshttp-cookie" / "top-cookie.json").read_text("utf-8"))
    received = [line for test in tests for line in test["received"]]
    return [text.encode() for text in (*sent, *received, *top.values()) if text.strip(" \t;")]


@pytest.mark.corpus
@pytest.mark.skipif(not CONFORMANCE.is_dir(), reason=f"no reference cookies: {CONFORMANCE} is missing")
def test_the_reference_cookies_pass_unchanged_and_cut_pairs_leave_no_trace() -> None:
    cookies = CookieFilter(lambda name: S if name == "_cut" else None)
    lines = conformance_lines()
    assert len(lines) > 300
    for line in lines:
        assert filtered(cookies, line) == [line]
        assert filtered(cookies, b"_cut=1; " + line) == [line.lstrip(b" \t")]
        assert filtered(cookies, line + b"; _cut=1") == [line]
