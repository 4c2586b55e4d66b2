"""Every state is there, in every language."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from gateway.demo.preview import STATES, preview_app, preview_settings
from gateway.enforcement.language import LOCALES
from gateway.enforcement.texts import texts


@pytest.mark.parametrize("locale", LOCALES)
def test_every_frame_of_the_preview_answers_in_its_language(locale: str, tmp_path: Path) -> None:
    client = TestClient(preview_app(preview_settings(tmp_path)))
    index = client.get(f"/?lang={locale}").text
    frames = [unescape(address) for address in re.findall(r'<iframe src="([^"]+)"', index)]
    assert len(frames) >= len(STATES) + 9
    for address in frames:
        answer = client.get(address)
        assert answer.status_code == (404 if "notice/99" in address else 200), address
        assert texts(locale)["settings"] in unescape(answer.text), address


def test_the_states_show_what_they_are_called(tmp_path: Path) -> None:
    client = TestClient(preview_app(preview_settings(tmp_path)))
    pages = {state: client.get(f"/see/{state}?lang=en").text for state in STATES}
    assert {state for state, page in pages.items() if "data-consent-banner" in page} == {"undecided", "asked-again"}
    assert {state for state, page in pages.items() if "data-consent-chip" in page} == {"gpc", "dnt"}
    assert "will not ask again" in pages["cookieless"]


def test_nothing_is_decided_or_kept(tmp_path: Path) -> None:
    client = TestClient(preview_app(preview_settings(tmp_path)))
    answer = client.post("/_choices/choice", data={"action": "accept"}, follow_redirects=False)
    assert (answer.status_code, "set-cookie" in answer.headers) == (303, False)
    assert list(tmp_path.glob("*.sqlite")) == []
