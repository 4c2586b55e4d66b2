"""A real nginx in front of something."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.served import free_port, wait_until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None and os.environ.get("CI") != "true", reason="no nginx on the path")


@contextmanager
def nginx(folder: Path, upstream: int, configuration: str, **more: object) -> Iterator[int]:
    """Runs `configuration` with `{folder}`, `{port}`, `{upstream}`, `{user}` and `more` put in; its port.

    What it wrote is complete when it has ended.
    """
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    text = configuration.format(folder=folder, port=port, upstream=upstream, user=user, **more)
    (folder / "nginx.conf").write_text(text)
    log = folder / "error.log"
    command = [str(NGINX), "-p", str(folder), "-e", str(log), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as process:
        try:
            wait_until(lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None, log.read_text()
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
