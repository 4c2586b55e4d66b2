"""The servers that are compared: the shop, a bare proxy, the gateway, and other people's proxies where installed.

nginx and Privoxy come from the system's packages; `mitmdump` is looked for on the path or at `--mitmdump`. What is not
installed is left out with a line on the standard error. Their rewriting is the same for all three: four hosts.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from page import TRACKERS
from processes import Server, cores, free_port, gateway_command, uvicorn_command

NOWHERE: Final = "blocked.invalid"
HOSTS: Final = tuple(host.decode() for host in TRACKERS)
PATTERNS: Final = tuple(f"//{re.escape(host)}[^\\s\"']*" for host in HOSTS)
"""Regular expressions that Privoxy's PCRE and mitmproxy's `re` read alike."""

_NGINX: Final = """
worker_processes 1; daemon off; master_process off; pid nginx-{port}.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path temporary; proxy_temp_path temporary; fastcgi_temp_path temporary;
  uwsgi_temp_path temporary; scgi_temp_path temporary;
  upstream shop {{ server {upstream}; keepalive 64; keepalive_timeout 4; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; {filters}
    }}
  }}
}}
"""
_PRIVOXY: Final = """
confdir {folder}
logdir {folder}
listen-address 127.0.0.1:{port}
accept-intercepted-requests 1
actionsfile {folder}/bench.action
filterfile {folder}/bench.filter
keep-alive-timeout 300
default-server-timeout 4
connection-sharing 1
max-client-connections 4096
"""


def left_out(name: str, why: str) -> None:
    """Says so to whoever watches the run."""
    print(f"{name} is left out: {why}", file=sys.stderr)


@dataclass(slots=True)
class Field:
    """Starts servers; all files are in `folder`, everything ends with `stack`."""

    folder: Path
    stack: ExitStack
    mitmdump: str = "mitmdump"

    def start(self, command: list[str], port: int, core: int, **environment: str) -> Server:
        """Raises RuntimeError if it does not answer."""
        server = Server(command, port, core, folder=self.folder, environment=environment)
        self.stack.callback(server.stop)
        return server

    def shop(self, core: int, *, same: bool = False, saved: Path | None = None) -> Server:
        """The shop on one core: with varying pages, the `same` for all, or those `saved` in a folder."""
        port = free_port()
        pages = {"SAME_PAGE": "1" if same else "", "PAGES": str(saved.resolve()) if saved else ""}
        return self.start(uvicorn_command("shop:app", port), port, core, **pages)

    def bare(self, upstream: str) -> Server:
        """The least a proxy in Python can do."""
        port = free_port()
        return self.start(uvicorn_command("bare_proxy:app", port), port, cores()[0], UPSTREAM=upstream)

    def gateway(self, upstream: str) -> Server:
        """The gateway with its defaults, without limits of rate."""
        port, data = free_port(), str(self.folder / "data")
        environment = {"CONSENT_GATEWAY_DATA": data, "CONSENT_GATEWAY_LIMITS": "off"}
        return self.start(gateway_command(upstream, port), port, cores()[0], **environment)

    def nginx(self, upstream: str, *, filtering: bool) -> Server | None:
        """`proxy_pass`, with `sub_filter` for the four hosts if `filtering`."""
        found = shutil.which("nginx")
        if found is None:
            return left_out("nginx", "it is not on the path")
        filters = [f"sub_filter '{host}' '{NOWHERE}';" for host in HOSTS]
        port = free_port()
        text = _NGINX.format(
            port=port,
            upstream=upstream.removeprefix("http://"),
            filters=" ".join((*filters, "sub_filter_once off;")) if filtering else "",
        )
        (self.folder / "temporary").mkdir(exist_ok=True)
        file = self.folder / f"nginx-{port}.conf"
        file.write_text(text, "utf-8")
        return self.start([found, "-p", str(self.folder), "-c", str(file)], port, cores()[0])

    def privoxy(self) -> Server | None:
        """Privoxy with four filters; it asks whomever the `Host` header names."""
        found = shutil.which("privoxy")
        if found is None:
            return left_out("Privoxy", "it is not on the path")
        port = free_port()
        rules = "\n".join(f"s@{pattern}@//{NOWHERE}/@g" for pattern in PATTERNS)
        (self.folder / "bench.filter").write_text(f"FILTER: consent Four trackers\n{rules}\n", "utf-8")
        (self.folder / "bench.action").write_text("{+filter{consent}}\n/\n", "utf-8")
        file = self.folder / "privoxy.conf"
        file.write_text(_PRIVOXY.format(folder=self.folder, port=port), "utf-8")
        return self.start([found, "--no-daemon", str(file)], port, cores()[0])

    def mitmproxy(self, upstream: str) -> Server | None:
        """`mitmdump` in reverse mode with four replacements."""
        found = shutil.which(self.mitmdump)
        if found is None:
            return left_out("mitmproxy", f"{self.mitmdump} is not on the path (--mitmdump names it)")
        port = free_port()
        rules = [f"!~s!{pattern}!//{NOWHERE}/" for pattern in PATTERNS]
        options = [option for rule in rules for option in ("--modify-body", rule)]
        place = ["--listen-host", "127.0.0.1", "-p", str(port), "--set", f"confdir={self.folder / 'mitmproxy'}"]
        return self.start([found, "-q", "--mode", f"reverse:{upstream}", *place, *options], port, cores()[0])


@contextmanager
def field(mitmdump: str = "mitmdump") -> Iterator[Field]:
    """A field with a temporary folder."""
    with ExitStack() as stack:
        # Privoxy gives up root's rights and reads its files afterwards.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        yield Field(folder, stack, mitmdump)
