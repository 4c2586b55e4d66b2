"""A signal whose header gets lost on the way, and cookies that do: the whole gateway and a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from gateway.app import create_app
from gateway.types import ASGIApp, Message, Receive, Scope, Send
from tests.proxy.servers import serve as running
from tests.test_app import settings

pytestmark = pytest.mark.browser
BAR = "[data-consent-banner]"
SIGNAL = "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"
PAGE = b"""<!doctype html><html lang="en"><head><title>t</title></head>
<body><p>goods</p><a id="next" href="/next">next</a></body></html>"""
Start = Callable[..., str]


async def shop(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": PAGE})


def deaf(app: ASGIApp) -> ASGIApp:
    """As if the browser kept no cookie."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        async def dropping(message: Message) -> None:
            headers = [pair for pair in message.get("headers", ()) if pair[0] != b"set-cookie"]
            await send({**message, "headers": headers} if "headers" in message else message)

        await app(scope, receive, dropping)

    return outer


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the gateway, inside `wrapped`, and gives its address."""
    with ExitStack() as stack:

        def run(wrapped: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> str:
            app = create_app(settings(tmp_path), shop=shop)
            return f"http://127.0.0.1:{stack.enter_context(running(wrapped(app), lifespan='on'))}"

        yield run


def posts(page: Page) -> list[str]:
    """The paths posted to from now on."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            seen.append(request.url.partition("/_choices")[2])

    page.on("request", note)
    return seen



def accepted(context: BrowserContext, address: str) -> None:
    fields = {"action": "accept", "rev": 1}
    assert context.request.post(f"{address}/_choices/choice", data=fields).ok


def test_a_lost_signal_is_honoured_without_a_question_and_leaves_no_record(
    context: BrowserContext, start: Start
) -> None:
    page = context.new_page()
    page.add_init_script(SIGNAL)
    posted = posts(page)
    page.goto(start())
    expect(page.locator("[role=status]")).to_contain_text("Global Privacy Control")
    expect(page.locator(BAR)).to_be_hidden()
    assert posted == []
    assert context.cookies() == []


def test_a_lost_signal_withdraws_what_is_shared_by_one_request(context: BrowserContext, start: Start) -> None:
    address = start()
    accepted(context, address)
    page = context.new_page()
    page.add_init_script(SIGNAL)
    posted = posts(page)
    page.goto(address)
    page.wait_for_selector("script[data-state*='marketing:refused']", state="attached")
    page.goto(f"{address}/next")
    expect(page.locator("[role=status]")).to_contain_text("Global Privacy Control")
    assert posted == ["/withdraw"]
    state = context.request.get(f"{address}/_choices/state").json()
    assert (state["source"], state["categories"]["preferences"]) == ("choice", "granted")
    assert state["categories"]["marketing"] == "refused"


def test_a_choice_against_a_lost_signal_is_made_where_it_is_told_and_stands(
    context: BrowserContext, start: Start
) -> None:
    address = start()
    page = context.new_page()
    page.add_init_script(SIGNAL)
    page.goto(f"{address}/_choices/?lang=en")
    expect(page.locator(".signal").last).to_be_visible()
    expect(page.locator(".signal").last).to_contain_text("what you switch on here overrides it")
    page.click("[data-consent-action=accept]")
    expect(page.locator("[role=status]")).to_contain_text("Your choice is saved.")
    posted = posts(page)
    for path in ("/", "/next", "/"):
        page.goto(address + path)
        page.wait_for_function("window.consentGateway")
        assert page.evaluate("consentGateway.get().marketing") == "granted"
        expect(page.locator("[role=status]")).to_have_count(0)
    assert posted == []
    header = context.request.get(f"{address}/_choices/state", headers={"Sec-GPC": "1"}).json()
    assert header["categories"]["marketing"] == "granted"


def test_without_a_signal_the_settings_page_says_nothing_of_one(context: BrowserContext, start: Start) -> None:
    page = context.new_page()
    page.goto(f"{start()}/_choices/")
    for line in page.locator(".signal").all():
        expect(line).to_be_hidden()
    assert page.locator("[name=gpc]").input_value() == ""


def test_a_withdrawal_that_does_not_stick_is_not_tried_for_ever(context: BrowserContext, start: Start) -> None:
    dropping = False

    def sometimes(app: ASGIApp) -> ASGIApp:
        lost = deaf(app)

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            await (lost if dropping else app)(scope, receive, send)

        return outer

    address = start(sometimes)
    accepted(context, address)
    dropping = True
    page = context.new_page()
    page.add_init_script(SIGNAL)
    posted = posts(page)
    with page.expect_response("**/_choices/state"):
        page.goto(address)
    page.wait_for_load_state("networkidle")
    assert posted == ["/withdraw"]


def test_without_script_a_dropped_cookie_is_told_once_and_nobody_is_asked_again(
    chromium: Browser, start: Start
) -> None:
    address = start(deaf)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/tea")
    page.click(f"{BAR} [data-consent-action=refuse]")
    line = page.locator(".cg-lost")
    expect(line).to_be_visible()
    expect(line).to_contain_text("Your browser does not accept cookies.")
    expect(page.locator(BAR)).to_have_count(0)
    assert page.url.partition("#")[0] == f"{address}/tea"
    page.click("#next")
    expect(page.locator(BAR)).to_have_count(0)
    expect(page.locator("[data-consent-settings]")).to_be_visible()
    expect(line).to_be_hidden()
    context.close()
