import asyncio
from typing import Any

import pytest

from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.middleware.consent import DecisionMiddleware
from gateway.model.categories import OPTIONAL, Source, State
from gateway.model.choice import Choice, make_choice, refuse_all
from gateway.model.decision import Decision, Rules
from gateway.types import Message, RawHeaders, Receive, Scope, Send

P, S, M = OPTIONAL
DAY = 20_000
COOKIE = ConsentCookie([b"k" * 32])
GRANT = make_choice(frozenset(OPTIONAL), {}, DAY, 1, id="a" * 22)


class Shop:
    """Keeps what reached it and answers with `answer`."""

    def __init__(self, answer: RawHeaders | None = None, start: str = "http.response.start") -> None:
        self.scopes: list[Scope] = []
        self.message: Message = {"type": start}
        if answer is not None:
            self.message["headers"] = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append({**scope, "received": await receive()})
        await send(self.message)
        await send({"type": "http.response.body"})


async def receive() -> Message:
    return {"type": "http.request"}


def ask(app: Any, headers: RawHeaders, type: str = "http", scheme: str = "http") -> RawHeaders:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({"type": type, "scheme": scheme, "headers": headers}, receive, send))
    return list(sent[0].get("headers", []))


def gate(shop: Shop, **options: Any) -> DecisionMiddleware:
    return DecisionMiddleware(shop, cookie=COOKIE, rules=Rules(), clock=lambda: DAY * 86_400.0, **options)


def holding(choice: Choice, *more: tuple[bytes, bytes]) -> RawHeaders:
    return [(b"cookie", f"x=1; consent={COOKIE.dump(choice)}".encode()), *more]


def test_in_report_mode_only_the_scope_says_what_would_hold() -> None:
    withdrawn: list[Decision] = []
    shop = Shop([(b"a", b"b")])
    headers = holding(GRANT, (b"sec-gpc", b"1"), (b"x-consent", b"mine"))
    assert ask(gate(shop, report=True, on_withdrawn=withdrawn.append), headers) == [(b"a", b"b")]
    assert shop.scopes[0]["headers"] == headers
    assert shop.scopes[0]["consent"].source is Source.GPC
    assert withdrawn == []


@pytest.mark.parametrize("type", ["http", "websocket"])
def test_the_decision_is_in_the_scope_and_in_x_consent(type: str) -> None:
    shop = Shop()
    ask(gate(shop), holding(GRANT), type)
    decision: Decision = shop.scopes[0]["consent"]
    assert decision.marketing is State.GRANTED
    assert (b"x-consent", decision.header()) in shop.scopes[0]["headers"]


def test_a_visitor_without_a_choice_leaves_no_trace() -> None:
    shop = Shop([(b"etag", b"1")])
    for _ in range(50):
        assert ask(gate(shop), [(b"host", b"shop.tw")]) == [(b"etag", b"1")]
    assert {scope["consent"].source for scope in shop.scopes} == {Source.NONE}


@pytest.mark.parametrize("name", [b"x-consent", b"x_consent", b"x.consent"])
def test_a_forged_x_consent_receive_arrives(name: bytes) -> None:
    shop = Shop()
    sent: RawHeaders = [(name, b"marketing=1"), (b"sec-gpc", b"1"), (name, b"2"), (b"x-consents", b"3")]
    ask(gate(shop), sent)
    headers = shop.scopes[0]["headers"]
    assert headers[:2] == [(b"sec-gpc", b"1"), (b"x-consents", b"3")]
    assert headers[2:] == [(b"x-consent", shop.scopes[0]["consent"].header())]
    assert len(sent) == 4


def test_other_scope_types_pass_untouched() -> None:
    shop = Shop()
    asyncio.run(gate(shop)({"type": "lifespan"}, receive, lambda message: asyncio.sleep(0)))
    assert shop.scopes == [{"type": "lifespan", "received": {"type": "http.request"}}]


def test_a_signal_rewrites_the_cookie_and_is_told_for_a_page_and_each_of_its_images() -> None:
    told: list[Decision] = []
    shop = Shop([(b"cache-control", b"public"), (b"set-cookie", b"x=1")])
    app = gate(shop, on_withdrawn=told.append)
    for _ in range(3):
        answer = ask(app, holding(GRANT, (b"sec-gpc", b"1")))
        renewed = make_choice(frozenset({P, S}), {M: DAY}, DAY, 1, id="a" * 22)
        assert answer == [
            (b"set-cookie", b"x=1"),
            (b"cache-control", b"private"),
            (b"set-cookie", COOKIE.set_cookie(renewed, "http", DAY)),
        ]
    assert [decision.withdrawn for decision in told] == [{M}] * 3


def test_fifty_page_views_with_a_signal_and_no_grant_tell_nobody() -> None:
    told: list[Decision] = []
    app = gate(Shop([]), on_withdrawn=told.append)
    for _ in range(50):
        assert ask(app, [(b"sec-gpc", b"1")]) == []
        assert ask(app, holding(refuse_all(DAY, 1), (b"sec-gpc", b"1"))) == []
    assert told == []


def test_a_lapsed_grant_loses_its_cookie_and_is_no_withdrawal() -> None:
    told: list[Decision] = []
    old = make_choice(frozenset(OPTIONAL), {}, DAY - 186, 1, id="a" * 22)
    answer = ask(gate(Shop(), on_withdrawn=told.append), holding(old, (b"sec-gpc", b"1")))
    assert answer[-1] == (b"set-cookie", b"consent=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
    assert told == []


def test_an_answer_that_sets_the_cookie_itself_is_left_alone() -> None:
    own: RawHeaders = [(b"set-cookie", b"consent=chosen")]
    assert ask(gate(Shop(own)), holding(GRANT, (b"sec-gpc", b"1"))) == own


def test_a_handshake_renews_the_cookie_too() -> None:
    answer = ask(gate(Shop(start="websocket.accept")), holding(GRANT, (b"sec-gpc", b"1")), "websocket", "ws")
    assert answer[-1][1].startswith(b"consent=1.g.")


def test_the_day_and_the_signals_are_part_of_what_is_remembered() -> None:
    day = DAY
    shop = Shop()
    app = DecisionMiddleware(shop, cookie=COOKIE, rules=Rules(), clock=lambda: day * 86_400.0)
    ask(app, holding(GRANT))
    ask(app, holding(GRANT, (b"sec-gpc", b"1")))
    day += 186
    ask(app, holding(GRANT))
    ask(app, holding(GRANT))
    states = [scope["consent"].marketing for scope in shop.scopes]
    assert states == [State.GRANTED, State.REFUSED, State.UNSET, State.UNSET]
    assert shop.scopes[2]["consent"] is shop.scopes[3]["consent"]


def test_visitors_do_not_fill_the_memory() -> None:
    app = gate(Shop())
    for number in range(4100):
        app._decide([(b"cookie", b"consent=%d" % number)], "http", DAY)
    assert len(app._decisions) <= 4096


@pytest.mark.parametrize(
    ("copy", "states"),
    [
        pytest.param(make_choice(frozenset({P}), {S: DAY, M: DAY}, DAY, 1, id="b" * 22), "grr", id="differs"),
        pytest.param(refuse_all(DAY, 1), "rrr", id="a refusal"),
        pytest.param(refuse_all(DAY + 1, 1), "ggg", id="of tomorrow"),
        pytest.param(refuse_all(DAY, 2), "ggg", id="of an unknown revision"),
    ],
)
def test_of_several_copies_those_that_can_be_are_read_and_the_stricter_wins(copy: Choice, states: str) -> None:
    shop = Shop()
    first, second = COOKIE.dump(GRANT), COOKIE.dump(copy)
    for pairs in (f"consent={first}; consent={second}", f"consent={second}; x=1; consent={first}"):
        ask(gate(shop), [(b"cookie", pairs.encode())])
        assert "".join(shop.scopes[-1]["consent"].state(c).value[0] for c in OPTIONAL) == states


def test_the_second_page_without_any_cookie_asks_nobody_and_decides_nothing() -> None:
    shop = Shop()
    app = gate(shop)
    for headers in ([], [(b"sec-fetch-site", b"same-origin")], []):
        ask(app, headers)
    first, second, third = (scope["consent"] for scope in shop.scopes)
    assert (first.ask, first.cookieless, second.ask, second.cookieless) == (True, False, False, True)
    assert third == first
    assert second.header() == first.header()
    ask(app, [(b"sec-fetch-site", b"same-origin"), (b"sec-gpc", b"1")])
    assert (shop.scopes[-1]["consent"].chip, shop.scopes[-1]["consent"].cookieless) == ("gpc", False)
