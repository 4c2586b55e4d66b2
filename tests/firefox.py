"""The system's Firefox, driven over WebDriver BiDi, which it speaks without a driver program.

Source: WebDriver BiDi (W3C).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.sync.client import ClientConnection, connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
SECONDS: Final = 60
_QUIET: Final = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
"""Nothing is asked of the network but what the tests ask for."""


class Firefox:
    """One window of a running Firefox."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.call("session.new", capabilities={"alwaysMatch": {"unhandledPromptBehavior": {"default": "ignore"}}})
        self._context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of one command; raises RuntimeError with the browser's message."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv(SECONDS))
            if answer.get("id") == self._number:
                break
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def goto(self, url: str) -> None:
        """Load a page and wait for its `load` event."""
        self.call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def reload(self) -> None:
        """As a visitor would."""
        self.call("browsingContext.reload", context=self._context, wait="complete")

    def back(self, pages: int = 1) -> None:
        """The back button, by its list of pages where it is more than one."""
        self.call("browsingContext.traverseHistory", context=self._context, delta=-pages)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, also where pages may run no scripts: as JSON carries it."""
        return self._value(f"JSON.stringify(({expression}) ?? null)")

    def resolved(self, promise: str) -> Any:
        """The same of a promise; only where scripts run."""
        return self._value(f"({promise}).then((value) => JSON.stringify(value ?? null))")

    def _value(self, source: str) -> Any:
        target = {"context": self._context, "sandbox": "test"}
        answer = self.call("script.evaluate", expression=source, target=target, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def until(self, expression: str, promise: bool = False) -> None:
        """Wait for an expression, or what it promises, to become true; pages may come and go meanwhile."""
        end, last = time.monotonic() + SECONDS, "it stayed false"
        while time.monotonic() < end:
            try:
                if self.resolved(expression) if promise else self.evaluate(expression):
                    return
            except RuntimeError as error:
                last = str(error)
            time.sleep(0.05)
        raise TimeoutError(f"{expression}: {last}")

    def sees(self, selector: str) -> None:
        """Wait for the element to be visible."""
        self.until(f"{_element(selector)}?.checkVisibility({{visibilityProperty: true}})")

    def misses(self, selector: str) -> None:
        """Wait for no such element to be visible on the loaded page."""
        gone = f"!{_element(selector)}?.checkVisibility({{visibilityProperty: true}})"
        self.until(f"document.readyState === 'complete' && {gone}")

    def says(self, selector: str, words: str) -> None:
        """Wait for the element to say these words among others."""
        self.until(f"{_element(selector)}?.innerText.includes({json.dumps(words)})")

    def click(self, selector: str) -> None:
        """Click into the middle of a visible element with the mouse: what lies over it gets the click."""
        self.sees(selector)
        locator = {"type": "css", "value": selector}
        found = self.call("browsingContext.locateNodes", context=self._context, locator=locator)
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self.evaluate(f"{_element(selector)}.scrollIntoView({{block: 'nearest'}})")
        mouse = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": element}},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        actions = [{"type": "pointer", "id": "mouse", "actions": mouse}]
        self.call("input.performActions", context=self._context, actions=actions)

    def press(self, key: str) -> None:
        """One key, as WebDriver writes it."""
        strokes = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        actions = [{"type": "key", "id": "keys", "actions": strokes}]
        self.call("input.performActions", context=self._context, actions=actions)

    def cookies(self) -> list[str]:
        """The names of all cookies, `HttpOnly` ones too."""
        return [cookie["name"] for cookie in self.call("storage.getCookies")["cookies"]]

    def forget(self) -> None:
        """Delete all cookies."""
        self.call("storage.deleteCookies")

    def resize(self, width: int, height: int) -> None:
        """The size of the viewport in CSS pixels."""
        self.call("browsingContext.setViewport", context=self._context, viewport={"width": width, "height": height})


@contextmanager
def launched(profile: Path, preferences: Mapping[str, bool | str] = {}) -> Iterator[Firefox]:
    """A Firefox with a new profile in that folder; skips where there is none."""
    if FIREFOX is None:
        pytest.skip("no firefox on the path (Debian: firefox-esr)")
    lines = (f'user_pref("{name}", {json.dumps(value)});\n' for name, value in {**_QUIET, **preferences}.items())
    (profile / "user.js").write_text("".join(lines))
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile)]
    with subprocess.Popen(
        [*command, "--remote-debugging-port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            with connect(f"{_address(process)}/session", max_size=None, open_timeout=SECONDS) as connection:
                yield Firefox(connection)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"BiDi listening on (ws://\S+)", line):
            return found[1]
    raise RuntimeError("Firefox ended before it listened")


def _element(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"
