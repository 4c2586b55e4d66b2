"""The command `demo`: what it says on the terminal, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.config.tokens import Tokens
from gateway.demo.history import write_history
from gateway.demo.preview import preview_app, preview_settings
from gateway.demo.servers import listen, listen_from, serve_all
from gateway.demo.town import Gateway, Town, demo_settings
from gateway.types import ASGIApp


def guard(settings: Settings, shop: ASGIApp) -> ASGIApp:
    """The gateway in front of a shop in the same process."""
    return create_app(settings, shop=shop)


def run(port: int = 8000, *, gateway: Gateway = guard) -> int:
    """Run the demo until Ctrl-C, the shop at `port` or, when that is taken, at the next free one.

    The exit code: 0 after a clean stop, 1 when a server could not start. Whatever the gateway keeps goes
    into a folder that is deleted at the end.
    """
    console = Console(highlight=False)
    front = _front(port, console)
    with tempfile.TemporaryDirectory(prefix="consent-gateway-demo-") as folder:
        town = Town(front, Path(folder), gateway)
        asyncio.run(write_history(demo_settings(Path(folder)).database, int(time.time() // 86_400)))
        console.print(_panel(town))
        # Never wrapped nor cut: it is there to be copied.
        console.print(f"The dashboard's token: {Tokens(Path(folder)).new('marketing')}", soft_wrap=True)
        started = True
        with contextlib.suppress(KeyboardInterrupt):
            started = asyncio.run(_serve(town))
    console.print("Stopped; nothing was kept." if started else "The demo could not start.")
    return 0 if started else 1


def run_preview(port: int = 8000) -> int:
    """Run the page with every state of the banner and its pages until Ctrl-C; the exit code as in `run`."""
    console = Console(highlight=False)
    front = _front(port, console)
    with tempfile.TemporaryDirectory(prefix="consent-gateway-preview-") as folder:
        console.print(f"Every state of the banner and its pages: http://localhost:{front.getsockname()[1]}/")
        started = True
        with contextlib.suppress(KeyboardInterrupt):
            app = preview_app(preview_settings(Path(folder)))
            started = asyncio.run(serve_all([(app, front)], asyncio.Event()))
    return 0 if started else 1


async def _serve(town: Town) -> bool:
    return await serve_all(town.apps, asyncio.Event())


def _front(port: int, console: Console) -> socket.socket:
    try:
        return listen(port)
    except OSError:
        front = listen_from(port + 1)
        console.print(f"Port {port} is taken, so the shop is at port {front.getsockname()[1]}.")
        return front


def _panel(town: Town) -> Panel:
    rows = Table.grid(padding=(0, 2))
    rows.add_row("The shop, through the gateway", f"[bold]{town.shop_url}[/bold]")
    rows.add_row("The same shop without it", town.bare_url)
    rows.add_row("Who is watching, live", town.live_url)
    rows.add_row("Dashboard, made-up history", town.dashboard_url)
    rows.add_row("", "")
    rows.add_row("Browser", "Chrome, Edge or Firefox: the trackers live at *.trackers.localhost")
    rows.add_row("Stop", "Ctrl-C; nothing leaves this machine, nothing is kept")
    return Panel(rows, title="consent-gateway demo", expand=False, padding=(1, 2))
