"""What a real process writes, to its files and to its standard output and error, holds nothing of a visitor (R-127)."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from tests.proxy.servers import serve as running
from tests.served import contents, free_port
from tests.test_app import CANARY, Shop, Visitor, sent_everywhere


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/_choices/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            assert time.monotonic() < deadline
        finally:
            connection.close()
        time.sleep(0.05)


def test_a_served_gateway_writes_nothing_of_a_visitor_anywhere(tmp_path: Path) -> None:
    data, shop, port = tmp_path / "data", Shop(), free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_GATEWAY")},
        "CONSENT_GATEWAY_DATA": str(data),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    files: dict[str, bytes] = {}
    with ExitStack() as stack, (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        upstream = stack.enter_context(running(shop))
        command = [sys.executable, "-m", "gateway", "serve", "--upstream", f"http://127.0.0.1:{upstream}"]
        command += ["--port", str(port)]
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=tmp_path, env=environment)
        try:
            wait_for(port)
            visitor = Visitor(port)
            sent_everywhere(visitor)
            granted = visitor.post("/_choices/choice", "action=accept&rev=1").cookie()
            who = "; ".join([granted, *(f"{name}={quote(value)}" for name, value in CANARY.items())])
            visitor.get(f"/_choices/me?q={quote(CANARY['mail'])}", Cookie=who)
            visitor.get(f"/_choices/me.json?id={quote(CANARY['name'])}", Cookie=who)
            visitor.post("/_choices/erase", json.dumps(CANARY), Cookie=who)
            stack.close()
            assert visitor.get(f"/{quote(CANARY['name'])}?{CANARY['mail']}", Cookie=who).status == 502
            files |= {file.name: held for file, held in contents(data).items()}
        finally:
            process.terminate()
            process.wait(60)
    after = [file for file in (*data.rglob("*"), tmp_path / "out", tmp_path / "err") if file.is_file()]
    found = [*files.items(), *((file.name, file.read_bytes()) for file in after)]
    assert b"to be kept elsewhere" in dict(found)["err"]
    assert files.keys() >= {"ledger.sqlite", "ledger-bodies.sqlite", "ledger-bodies.sqlite-wal"}
    needles = [*CANARY.values(), quote(CANARY["name"]), "203.0.113.77", "0912", "xiaoming"]
    written = [needle.encode() for needle in [*needles, *(json.dumps(needle).strip('"') for needle in needles)]]
    assert [(name, needle) for name, content in found for needle in written if needle in content] == []
