"""None gets 401, another role 403, and nothing is read that the record does not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.config.tokens import ROLES, Role, Tokens
from gateway.endpoints.roles import Guard
from gateway.endpoints.throttle import FAILURES, Throttle
from gateway.errors import LedgerUnavailable


class Site:
    """One page for each role."""

    def __init__(self, folder: Path) -> None:
        self.tokens = Tokens(folder)
        self.log: list[str] = []
        self.broken = False
        guard = Guard(self.tokens, Throttle(lambda: 1000.0), self.announce)
        routes = [Route(f"/{role}", guard.only(role, f"page {role}", self.page)) for role in ROLES]
        self.client = TestClient(Starlette(routes=routes), raise_server_exceptions=False)

    async def announce(self, role: str, what: str) -> None:
        if self.broken:
            raise LedgerUnavailable("away")
        self.log.append(f"{role} reads {what}")

    async def page(self, request: Request) -> Response:
        self.log.append("output")
        return PlainTextResponse("secret")

    def get(self, path: str, token: str | None = None, scheme: str = "Bearer") -> tuple[int, str]:
        headers = {} if token is None else {"authorization": f"{scheme} {token}"}
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == 200 or answer.headers["cache-control"] == "no-store"
        return answer.status_code, answer.text


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize("asked", ROLES)
@pytest.mark.parametrize("shown", [None, *ROLES])
def test_the_matrix_of_roles(site: Site, asked: Role, shown: Role | None) -> None:
    token = None if shown is None else site.tokens.new(shown)
    expected = 401 if shown is None else 200 if shown == asked else 403
    status, text = site.get(f"/{asked}", token)
    assert status == expected
    assert ("secret" in text) == (expected == 200)
    assert site.log == ([f"{asked} reads page {asked}", "output"] if expected == 200 else [])


@pytest.mark.parametrize("token", ["", "x", "cg_ops_x", "Bearer"])
def test_what_is_no_token_is_401(site: Site, token: str) -> None:
    assert site.get("/ops", token)[0] == 401


def test_another_scheme_is_no_token(site: Site) -> None:
    token = site.tokens.new("ops")
    assert site.get("/ops", token, "Basic")[0] == 401
    assert site.get(f"/ops?token={token}")[0] == 401
    assert site.get("/ops", token, "bearer")[0] == 200


def test_a_401_says_how(site: Site) -> None:
    assert site.client.get("/ops").headers["www-authenticate"] == "Bearer"


def test_what_the_record_cannot_note_is_not_read(site: Site) -> None:
    token = site.tokens.new("officer")
    site.broken = True
    assert site.get("/officer", token)[0] == 503
    assert site.log == []


def test_the_entry_is_there_if_the_output_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    token = site.tokens.new("officer")

    class Broken(PlainTextResponse):
        def render(self, content: object) -> bytes:
            raise OSError("output")

    monkeypatch.setattr("tests.endpoints.test_roles.PlainTextResponse", Broken)
    assert site.client.get("/officer", headers={"authorization": f"Bearer {token}"}).status_code == 500
    assert site.log == ["officer reads page officer", "output"]


def test_who_guesses_waits_and_a_right_token_does_not_help_meanwhile(site: Site) -> None:
    token = site.tokens.new("ops")
    for _ in range(FAILURES):
        assert site.get("/ops", "guess")[0] == 401
    answer = site.client.get("/ops", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_a_damaged_file_of_tokens_lets_nobody_in(site: Site, tmp_path: Path) -> None:
    token = site.tokens.new("ops")
    (tmp_path / "tokens.json").write_text("{")
    assert site.get("/ops", token)[0] == 503
