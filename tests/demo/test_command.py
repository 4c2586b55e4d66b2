import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from gateway.config.settings import Settings
from gateway.demo.command import guard, run
from gateway.demo.servers import listen
from gateway.types import ASGIApp, Receive, Scope, Send
from tests.served import free_port


def interrupt_when_up(url: str, seen: list[bytes]) -> Callable[[], None]:
    def wait() -> None:
        # The socket listens before the server runs, so the first request simply waits for it.
        with urlopen(url, timeout=60) as answer:
            seen.append(answer.read())
        os.kill(os.getpid(), signal.SIGINT)

    return wait


def test_the_demo_says_what_to_open_and_stops_cleanly(capfd: pytest.CaptureFixture[str]) -> None:
    port, seen = free_port(), list[bytes]()
    folders: list[Path] = []

    def bare(settings: Settings, shop: ASGIApp) -> ASGIApp:
        folders.append(settings.folder)
        assert settings.folder.is_dir()
        threading.Thread(target=interrupt_when_up(f"http://127.0.0.1:{port}/", seen)).start()
        return shop

    assert run(port, gateway=bare) == 0
    said = capfd.readouterr().out
    assert f"http://localhost:{port}/" in said
    assert len(set(re.findall(r"http://[^ ]+", said))) == 4
    assert re.search(r"token: cg_marketing_[\w-]{43}\n", said)
    assert "nothing was kept" in said
    assert "山目選物".encode() in seen[0]
    assert not folders[0].exists()


def test_a_taken_port_is_named_and_the_next_one_used(capfd: pytest.CaptureFixture[str]) -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        assert run(port, gateway=lambda settings, shop: broken) == 1
    said = capfd.readouterr().out
    assert f"Port {port} is taken" in said
    assert "could not start" in said


def test_the_real_gateway_stands_in_front(capfd: pytest.CaptureFixture[str]) -> None:
    port, seen = free_port(), list[bytes]()

    def real(settings: Settings, shop: ASGIApp) -> ASGIApp:
        threading.Thread(target=interrupt_when_up(f"http://127.0.0.1:{port}/", seen)).start()
        return guard(settings, shop)

    assert run(port, gateway=real) == 0
    assert b"data-consent-banner" in seen[0]


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no"})
