import hashlib
import hmac
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.model.categories import OPTIONAL
from gateway.model.choice import Choice, make_choice, refuse_all
from gateway.types import RawHeaders

P, S, M = OPTIONAL
DAY = 20_000
OLD, NEW = b"o" * 32, b"n" * 32
ID = "AbCdEfGhIjKlMnOpQrSt-_"
COOKIE = ConsentCookie([OLD, NEW])
GRANT = make_choice(frozenset({P, M}), {S: DAY}, DAY, 3, override=True, id=ID)


def signed(payload: str, key: bytes = NEW, tenant: str = "") -> str:
    """The signature written a second time, from HMAC alone."""
    derived = hmac.digest(key, b"consent-gateway/choice/1\0" + tenant.encode(), "sha256")
    code = hmac.new(derived, payload.encode(), hashlib.sha256).digest()
    return f"{payload}.{urlsafe_b64encode(code).decode().rstrip('=')}"


def sent(*values: str, name: str = "consent") -> RawHeaders:
    return [(b"cookie", "; ".join(f"{name}={value}" for value in values).encode())]


def test_yesterdays_cookie_is_readable_tomorrow() -> None:
    known = "1.r.20000.p1.5zznaMJlQt1QZaLRFB611sIY-DvQ0CkEvmBl05paKn4"
    assert COOKIE.dump(refuse_all(DAY, 1)) == known
    assert COOKIE.load(known) == refuse_all(DAY, 1)


@pytest.mark.parametrize(
    ("choice", "payload"),
    [
        pytest.param(refuse_all(DAY, 1), "1.r.20000.p1", id="all refused"),
        pytest.param(make_choice(frozenset(), {M: DAY}, DAY, 2), "1.r.20000.p2.m", id="one refused"),
        pytest.param(
            make_choice(frozenset(), {S: DAY, M: DAY + 9}, DAY, 1), "1.r.20000.p1.sm20009", id="two days"
        ),
        pytest.param(
            make_choice(frozenset(), {P: DAY, S: DAY, M: DAY + 9}, DAY, 1),
            "1.r.20000.p1.psm20009",
            id="all refused on two days",
        ),
        pytest.param(GRANT, f"1.g.20000.p3.pmg.{ID}", id="granted against a signal"),
        pytest.param(
            make_choice(frozenset({P}), {S: DAY, M: DAY + 50}, DAY, 1, id=ID),
            f"1.g.20000.p1.p.{ID}.m20050",
            id="withdrawn later",
        ),
        pytest.param(
            make_choice(frozenset({P}), {S: DAY - 1}, DAY, 1, id=ID),
            f"1.g.20000.p1.p.{ID}.s19999m",
            id="refused earlier, undecided",
        ),
    ],
)
def test_a_choice_has_one_payload_both_ways(choice: Choice, payload: str) -> None:
    assert COOKIE.dump(choice) == signed(payload)
    assert COOKIE.load(signed(payload)) == choice


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("1.r.20000.p1", id="unsigned"),
        pytest.param(signed("1.r.20000.p1", b"x" * 32), id="foreign key"),
        pytest.param(signed("1.r.20000.p1", tenant="neighbour"), id="another tenant"),
        pytest.param(signed("1.r.20000.p1") + "A", id="longer signature"),
        pytest.param(signed("1.r.20000.p1")[:-1] + "é", id="not ASCII"),
        pytest.param(f'"{signed("1.r.20000.p1")}"', id="quoted"),
        pytest.param("1" * 5000 + signed("1.r.20000.p1"), id="long"),
        pytest.param(signed("2.r.20000.p1"), id="another version"),
        pytest.param(signed("1.r.020000.p1"), id="leading zero"),
        pytest.param(signed("1.r.20000.p1.psm"), id="all letters where none are written"),
        pytest.param(signed("1.r.20000.p1.mp"), id="letters out of order"),
        pytest.param(signed("1.r.20000.p1.mm"), id="letter twice"),
        pytest.param(signed(f"1.g.20000.p1.g.{ID}"), id="granting nothing"),
        pytest.param(signed("1.g.20000.p1.p.short"), id="short id"),
        pytest.param(signed(f"1.g.20000.p1.p.{ID}.p"), id="granted and refused"),
        pytest.param(signed("1.r.20000.p1\n"), id="line end"),
        pytest.param(signed("1.r.²0000.p1"), id="digit that is none"),
    ],
)
def test_what_this_tenant_did_not_write_is_no_choice(value: str) -> None:
    assert COOKIE.load(value) is None


def test_a_cookie_of_one_tenant_is_nothing_to_its_neighbour() -> None:
    one, other = ConsentCookie([NEW], "000489"), ConsentCookie([NEW], "000490")
    assert one.load(one.dump(GRANT)) == GRANT
    assert other.load(one.dump(GRANT)) is None


def test_every_other_spelling_of_a_signature_is_forged() -> None:
    value = COOKIE.dump(GRANT)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
    assert [c for c in last if COOKIE.load(value[:-1] + c)] == [value[-1]]


def test_a_listed_key_is_accepted_and_a_retired_one_is_not() -> None:
    old = ConsentCookie([OLD]).dump(GRANT)
    assert COOKIE.load(old) == GRANT
    assert ConsentCookie([NEW]).load(old) is None
    assert ConsentCookie([NEW]).load(COOKIE.dump(GRANT)) == GRANT


@pytest.mark.parametrize("keys", [[], [b"k" * 31], [b"k" * 32, b""]], ids=["none", "short", "one empty"])
def test_short_keys_are_not_accepted(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        ConsentCookie(keys)


def test_all_who_refuse_on_one_day_hold_the_same_bytes() -> None:
    lines = {ConsentCookie([OLD, NEW]).set_cookie(refuse_all(DAY, 1), "https", DAY) for _ in range(3)}
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("scheme", "start", "end"),
    [
        ("http", b"consent=1.r.", b"; HttpOnly; SameSite=Lax"),
        ("https", b"__Secure-consent=1.r.", b"; HttpOnly; SameSite=Lax; Secure"),
    ],
)
def test_the_attributes_in_both_schemes(scheme: str, start: bytes, end: bytes) -> None:
    line = COOKIE.set_cookie(refuse_all(DAY, 1), scheme, DAY)
    assert line.startswith(start)
    assert line.endswith(b"; Max-Age=%d; Path=/" % (367 * 86_400) + end)


def test_the_largest_cookie_stays_under_200_bytes_and_400_days() -> None:
    cookie = ConsentCookie([NEW], "000489", "/000489/")
    choice = make_choice(frozenset({P}), {S: DAY + 1, M: DAY + 2}, DAY, 9999, override=True, id=ID)
    line = cookie.set_cookie(choice, "https", DAY + 2)
    value = line.partition(b";")[0]
    assert len(value) < 200
    assert b"Path=/000489/;" in line
    assert int(line.partition(b"Max-Age=")[2].partition(b";")[0]) <= 400 * 86_400


@pytest.mark.parametrize(
    ("choice", "today", "days"),
    [
        pytest.param(make_choice(frozenset(OPTIONAL), {}, DAY, 1, id=ID), DAY, 186, id="grants only"),
        pytest.param(make_choice(frozenset(OPTIONAL), {}, DAY, 1, id=ID), DAY + 180, 6, id="later"),
        pytest.param(GRANT, DAY + 10, 357, id="one refusal outlives the grants"),
        pytest.param(refuse_all(DAY, 1), DAY + 999, 0, id="long lapsed"),
    ],
)
def test_the_cookie_lives_as_long_as_any_part_counts(choice: Choice, today: int, days: int) -> None:
    assert b"; Max-Age=%d;" % (days * 86_400) in COOKIE.set_cookie(choice, "http", today)


def test_an_empty_choice_takes_the_cookie_away() -> None:
    empty = make_choice(frozenset(), {}, DAY, 1)
    assert COOKIE.set_cookie(empty, "http", DAY) == b"consent=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"


def test_of_several_copies_the_stricter_wins() -> None:
    accept = COOKIE.dump(make_choice(frozenset(OPTIONAL), {}, DAY, 3, id=ID))
    assert COOKIE.read(sent(accept, COOKIE.dump(GRANT)), "http") == make_choice(
        frozenset({P, M}), {S: DAY}, DAY, 3, id=ID
    )
    two_lines = sent(COOKIE.dump(refuse_all(DAY, 1))) + sent(accept)
    refused = COOKIE.read(two_lines, "http")
    assert refused is not None
    assert refused.granted == frozenset()


def test_a_forged_copy_beside_a_valid_one_changes_nothing() -> None:
    assert COOKIE.read(sent("forged", COOKIE.dump(GRANT), COOKIE.dump(GRANT)), "http") == GRANT


def test_more_copies_than_a_browser_sends_are_no_choice() -> None:
    copies = [COOKIE.dump(refuse_all(day, 1)) for day in range(9)]
    assert COOKIE.read(sent(*copies), "http") is None
    assert COOKIE.read(sent(*copies[:8]), "http") is not None


@pytest.mark.parametrize(
    ("name", "scheme", "found"),
    [
        ("consent", "http", True),
        ("consent", "https", False),
        ("__Secure-consent", "https", True),
        ("__Secure-consent", "wss", True),
        ("__Secure-consent", "http", False),
        ("myconsent", "http", False),
        ("Consent", "http", False),
    ],
)
def test_the_name_follows_the_scheme(name: str, scheme: str, found: bool) -> None:
    headers: RawHeaders = [(b"host", b"consent"), (b"cookie", b"a=1"), *sent(COOKIE.dump(GRANT), name=name)]
    assert (COOKIE.read(headers, scheme) == GRANT) is found


def test_odd_spacing_around_the_pair_is_read() -> None:
    value = COOKIE.dump(GRANT).encode()
    assert COOKIE.read([(b"cookie", b"a=1 ;\tconsent = " + value + b" ; b")], "http") == GRANT


def test_an_id_is_22_characters_and_never_the_same() -> None:
    ids = {COOKIE.new_id() for _ in range(50)}
    assert len(ids) == 50
    assert {len(one) for one in ids} == {22}


@given(
    st.frozensets(st.sampled_from(OPTIONAL)),
    st.dictionaries(st.sampled_from(OPTIONAL), st.integers(0, 99_999)),
    st.integers(0, 99_999),
    st.integers(0, 9_999),
    st.booleans(),
)
def test_every_choice_comes_back_as_it_was_written(
    granted: frozenset[object], refusals: dict[object, int], day: int, rev: int, override: bool
) -> None:
    choice = make_choice(granted, refusals, day, rev, override=override, id=ID)  # type: ignore[arg-type]
    if not choice.empty:
        assert COOKIE.load(COOKIE.dump(choice)) == choice


@given(st.binary(max_size=200))
def test_no_bytes_of_a_visitor_raise(value: bytes) -> None:
    assert COOKIE.read([(b"cookie", b"consent=" + value)], "http") is None
