"""The description of the gateway's own addresses is true: every route is in it, and no input gets another answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Route

from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from tests.nginx.site import Shop, gateway
from tests.proxy.servers import serve as running

ROOT = Path(__file__).parent.parent
DESCRIPTION = ROOT / "docs" / "openapi.json"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


def test_every_route_is_described_and_nothing_else(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/ledger.sqlite"
    settings = Settings(folder=tmp_path, upstream="http://127.0.0.1:1", database=database, limits=False)
    own = create_app(settings)._own_pages()
    routes = {
        (route.path, method.lower())
        for route in own.routes  # type: ignore[attr-defined]
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD" and route.path.startswith("/_choices")
    }
    paths = json.loads(DESCRIPTION.read_text("utf-8"))["paths"]
    assert {(path, method) for path, methods in paths.items() for method in methods} == routes


@pytest.mark.timeout(400)
def test_no_input_gets_an_answer_that_is_not_described(tmp_path: Path) -> None:
    with running(Shop()) as shop, gateway(tmp_path / "gateway", shop, CONSENT_GATEWAY_LIMITS="off") as (port, _):
        token = Tokens(tmp_path / "gateway").new("marketing")
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(DESCRIPTION)]
        command += ["--url", f"http://127.0.0.1:{port}", "--checks", ",".join(CHECKS), "--seed", "489"]
        command += ["--phases", "coverage,fuzzing", "--max-examples", "12", "--generation-database", "none"]
        command += ["--header", f"Authorization: Bearer {token}", "--no-color", "--suppress-health-check", "all"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
