"""The shipped site of nginx as it is, with TLS, in front of real gateways and a small real shop."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from gateway.types import Message, Receive, Scope, Send
from tests.nginx.server import nginx
from tests.proxy.servers import serve as running
from tests.served import free_port

SHIPPED = Path(__file__).parents[2] / "nginx"
ROOT = SHIPPED.parent
HOST = "shop.example"
TRACKER = "https://www.google-analytics.com"
PAGE = (
    f'<!doctype html><html lang="en"><head><title>t</title><script src="{TRACKER}/analytics.js"></script></head>'
    "<body><p>goods</p></body></html>"
).encode()
MAIN = """
daemon off; worker_processes 1; pid {folder}/pid; {user}
events {{ worker_connections 512; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
"""
_KINDS = {
    ".css": b"text/css", ".js": b"text/javascript", ".png": b"image/png", ".svg": b"image/svg+xml"
}  # fmt: skip


class Shop:
    """Keeps what it was asked; sets a necessary and a tracker's cookie on every answer, static ones too."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.uploaded = 0
        self.go_on = threading.Event()

    def asked(self, path: str) -> list[dict[str, str]]:
        """The headers of each request for `path`."""
        return [headers for _, asked, headers in self.requests if asked == path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers[name.decode()] = "; ".join(filter(None, (headers.get(name.decode()), value.decode("latin-1"))))
        self.requests.append((scope.get("method", "WS"), scope["path"], headers))
        await (self._echo(receive, send) if scope["type"] == "websocket" else self._answer(scope, receive, send))

    async def _echo(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        while True:
            message: Message = await receive()
            self.uploaded += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        status = 302 if "away" in path else 200
        kind = _KINDS.get(Path(path).suffix, b"text/html; charset=utf-8")
        headers = [
            (b"content-type", b"text/html" if "liar" in path else kind),
            (b"set-cookie", b"_ga=1; Path=/"),
            (b"set-cookie", b"csrftoken=1; Path=/"),
            (b"link", f"<{TRACKER}/analytics.js>; rel=preload; as=script".encode()),
            (b"x-accel-redirect", b"/static/app.css"),
        ]
        if status == 302:
            headers.append((b"location", f"{TRACKER}/collect?v=1".encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if path == "/slow":
            await send({"type": "http.response.body", "body": PAGE[:-14] + b"<p>" * 2000, "more_body": True})
            await asyncio.to_thread(self.go_on.wait, 60)
        await send({"type": "http.response.body", "body": PAGE if kind[:9] == b"text/html" else b"a{}" * 500})


@contextmanager
def gateway(folder: Path, shop: int, **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """`consent-gateway serve` as a process of its own, trusting this machine's proxy; its port and the process."""
    folder.mkdir()
    port = free_port()
    configuration = f'upstream = "http://127.0.0.1:{shop}"\ntrusted_proxies = ["127.0.0.1"]\n'
    (folder / "gateway.toml").write_text(configuration)
    variables = {**os.environ, "CONSENT_GATEWAY_DATA": str(folder), "CONSENT_GATEWAY_SECRET": "s" * 40, **environment}
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(folder / "gateway.toml"), "--port", str(port)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env=variables, cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        try:
            wait_for(port, process, folder / "log")
            yield port, process
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once somebody listens. Raises AssertionError with the log when the process has ended."""
    for _ in range(3000):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(log.read_text())


def certificate(folder: Path) -> None:
    """A certificate of its own for HOST, as certbot would lay it down below `folder`."""
    if shutil.which("openssl") is None and os.environ.get("CI") != "true":
        pytest.skip("no openssl on the path")
    live = folder / "live" / HOST
    live.mkdir(parents=True)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(live / "privkey.pem"), "-out", str(live / "fullchain.pem"), "-days", "2"]
    command += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run(command, check=True, capture_output=True)


def placed(folder: Path, *, plain: int, gateways: Sequence[int] = (8080,), shop: int = 3000) -> str:
    """site.conf with nothing changed but places: folders, and ports ({port} for 443)."""
    text = (SHIPPED / "site.conf").read_text("utf-8").replace("{", "{{").replace("}", "}}")
    servers = "".join(f"server 127.0.0.1:{port} max_fails=2 fail_timeout=5s;\n" for port in gateways)
    for old, new in (
        ("/etc/nginx/consent-gateway/", f"{SHIPPED}/"),
        ("/etc/letsencrypt/", f"{folder}/"),
        ("/var/cache/nginx/", f"{folder}/"),
        ("/var/log/nginx/", f"{folder}/"),
        ("    server 127.0.0.1:8080 max_fails=2 fail_timeout=5s;\n", servers),
        ("server 127.0.0.1:3000;", f"server 127.0.0.1:{shop};"),
        ("listen [::]:443", "#"),
        ("listen [::]:80", "#"),
        ("listen 443", "listen 127.0.0.1:{port}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


class Site:
    """nginx at `port` (TLS) and `plain`, the shop behind the gateways, and a browser's way to ask."""

    def __init__(self, folder: Path, port: int, plain: int, shop: Shop) -> None:
        self.folder, self.port, self.plain, self.shop = folder, port, plain, shop
        self.gateways: list[subprocess.Popen[bytes]] = []

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts this site; a new one each time, because clients write the protocols they speak into it."""
        return ssl.create_default_context(cafile=str(self.folder / "live" / HOST / "fullchain.pem"))

    @property
    def origin(self) -> str:
        """The shop's origin as the visitor sees it."""
        return f"https://{HOST}:{self.port}"

    def ask(self, method: str, path: str, address: str = "127.0.0.1", **more: object) -> httpx2.Response:
        """One request over HTTP/2, from `address`; cookies only those in the headers."""
        with self.client(address) as client:
            url = f"https://127.0.0.1:{self.port}{path}"
            return client.request(method, url, extensions={"sni_hostname": HOST}, **more)  # type: ignore[arg-type]

    def get(self, path: str, address: str = "127.0.0.1", **headers: str) -> httpx2.Response:
        """One GET."""
        return self.ask("GET", path, address, headers={name.replace("_", "-"): v for name, v in headers.items()})

    def client(self, address: str = "127.0.0.1") -> httpx2.Client:
        """A client that resolves HOST to this machine; give it `extensions={"sni_hostname": HOST}`."""
        transport = httpx2.HTTPTransport(verify=self.tls, http2=True, local_address=address)
        return httpx2.Client(
            transport=transport,
            base_url=f"https://127.0.0.1:{self.port}",
            headers={"host": f"{HOST}:{self.port}"},
            timeout=30,
        )


@contextmanager
def front(
    folder: Path,
    gateways: Sequence[int],
    shop: Shop,
    behind: int,
    *,
    change: Callable[[str], str] = lambda text: text,
) -> Iterator[Site]:
    """nginx alone, before whatever listens on the ports of `gateways`, and `behind` for static files.

    `change` does to site.conf what its comments tell an operator to.
    """
    certificate(folder)
    plain = free_port()
    text = MAIN + change(placed(folder, plain=plain, gateways=gateways, shop=behind)) + "}}\n"
    with nginx(folder, 0, text) as port:
        yield Site(folder, port, plain, shop)


@contextmanager
def site(folder: Path, gateways: int = 1, **environment: str) -> Iterator[Site]:
    """All of it, in `folder`: nginx, gateways with a record and the same key each, the shop."""
    shop = Shop()
    with ExitStack() as stack:
        behind = stack.enter_context(running(shop))
        started = [
            stack.enter_context(gateway(folder / f"gateway{number}", behind, **environment))
            for number in range(gateways)
        ]
        found = stack.enter_context(front(folder, [port for port, _ in started], shop, behind))
        found.gateways = [process for _, process in started]
        yield found
