"""One decision per request: scope, X-Consent, page and state say the same, whatever cookie and signals come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.settings import Policy, PolicyRevision
from gateway.model.categories import OPTIONAL, Category, State
from gateway.model.choice import Choice, make_choice
from gateway.model.decision import Decision
from tests.end_to_end.site import COOKIE, Site, page_state, running
from tests.model.truth import DAY, ID

P, S, M = OPTIONAL
REVISIONS = Policy(
    rev=4,
    revisions=(
        PolicyRevision(rev=1),
        PolicyRevision(rev=2, material=(M,)),
        PolicyRevision(rev=3),
        PolicyRevision(rev=4, material=(P,)),
    ),
)
LINES = [("sec-gpc", "1"), ("sec-gpc", "0"), ("sec-gpc", "1, 1"), ("dnt", "1"), ("dnt", "0")]
LINES += [("x-consent", "necessary=1;marketing=1;src=choice;rev=4"), ("X_Consent", "marketing=1")]
LINES += [("sec-fetch-site", "same-origin"), ("user-agent", "Googlebot/2.1")]


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    edges = st.sampled_from([DAY, DAY - 183, DAY - 184, DAY - 185, DAY - 364, DAY - 365, DAY + 2, DAY + 3])
    days = edges | st.integers(DAY - 180, DAY)
    refusals = draw(st.dictionaries(st.sampled_from(OPTIONAL), days, max_size=2))
    granted = draw(st.frozensets(st.sampled_from(OPTIONAL)))
    rev = draw(st.integers(0, 5) | st.just(4))
    return make_choice(granted, refusals, draw(days), rev, override=draw(st.booleans()), id=ID)


VALUES = st.one_of(
    choices().map(COOKIE.dump),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";"), max_size=40),
    st.sampled_from(["", "1.r.20000.p4", COOKIE.dump(make_choice(frozenset(OPTIONAL), {}, DAY, 4, id=ID))[:-2]]),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site"), policy=REVISIONS) as site:
        yield site


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(VALUES, max_size=3),
    lines=st.lists(st.sampled_from(LINES), max_size=4),
    later=st.integers(0, 3),
)
def test_scope_header_page_and_state_agree(
    site: Site, values: list[str], lines: list[tuple[str, str]], later: int
) -> None:
    site.day = DAY + later
    cookie = "; ".join(["sessionid=1", *(f"consent={value}" for value in values)])
    answer = site.plain("/", ("cookie", cookie), *lines)
    assert answer.status_code == 200
    decision: Decision = site.shop.decisions[-1]
    states = {name: decision.state(name) for name in OPTIONAL}
    (told,) = site.shop.requests[-1][b"x-consent"]
    assert told == decision.header()
    assert told.decode() == ";".join(
        ["necessary=1", *(f"{c}={s is State.GRANTED:d}" for c, s in states.items()), f"src={decision.source}", "rev=4"]
    )
    assert page_state(answer) == {**{c.value: s.value for c, s in states.items()}, "source": decision.source.value}
    state = site.plain("/_choices/state", ("cookie", cookie), *lines).json()
    assert state == {"categories": states, "source": decision.source, "rev": decision.rev}
    assert ("data-consent-banner" in answer.text) is (decision.ask and not any("bot" in value for _, value in lines))


def test_the_generated_cookies_reach_every_state(site: Site) -> None:
    """The property would hold of a gateway that knows no choice at all."""
    seen: set[tuple[Category, State]] = set()

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(choice=choices(), lines=st.lists(st.sampled_from(LINES), max_size=2))
    def look(choice: Choice, lines: list[tuple[str, str]]) -> None:
        site.day = DAY + 2
        site.plain("/", ("cookie", f"consent={COOKIE.dump(choice)}"), *lines)
        seen.update((name, site.shop.decisions[-1].state(name)) for name in OPTIONAL)

    look()
    assert seen == {(name, state) for name in OPTIONAL for state in State}
