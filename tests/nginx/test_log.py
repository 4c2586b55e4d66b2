"""The sample log of the proxy, written by a real nginx: how the shop is doing, not who was there (R-142)."""

from __future__ import annotations

import http.client
import re
from pathlib import Path

import pytest

from tests.nginx.server import needs_nginx, nginx
from tests.proxy.servers import serve as running
from tests.test_app import Shop

pytestmark = needs_nginx
SAMPLES = Path(__file__).parents[2] / "nginx"

# The addresses come from a header here, as from a load balancer, so that one machine can play many.
CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log crit; {user}
events {{ worker_connections 64; }}
http {{
  include {samples}/log.conf;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;
  server {{
    listen 127.0.0.1:{port};
    access_log {folder}/shop.log visits if=$visit_logged;
    location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_set_header Host $http_host; }}
  }}
}}
"""


def logged(folder: Path, *requests: tuple[str, str]) -> list[str]:
    """The lines for requests from an address for a path, made with everything a visitor carries."""
    with running(Shop()) as upstream, nginx(folder, upstream, CONFIGURATION, samples=SAMPLES) as port:
        for address, path in requests:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            headers = {
                "Host": "shop.example",
                "X-Real-IP": address,
                "Cookie": "consent=SECRET; member=SECRET",
                "User-Agent": "SECRET/1",
                "Referer": "http://shop.example/?q=SECRET",
                "X-Forwarded-For": address,
            }
            connection.request("GET", path, headers=headers)
            connection.getresponse().read()
            connection.close()
    return (folder / "shop.log").read_text().splitlines()


@pytest.mark.parametrize(
    ("address", "cut"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("2001:db8:abcd:1234:5678:9abc:def0:1234", "2001:db8:abcd::"),
        ("2001:db8:abcd::77", "2001:db8:abcd::"),
        ("2001:db8::77", "2001:db8::"),
        ("2001::77", "2001::"),
        ("2001:db8:0:1:2:3:4:77", "2001:db8:0::"),
        ("2001:0:0:1::77", "2001:0:0::"),
        ("::77", "-"),
    ],
)
def test_addresses_are_cut_to_24_and_48_bits(tmp_path: Path, address: str, cut: str) -> None:
    (line,) = logged(tmp_path, (address, "/goods"))
    assert line.split(" ")[0] == cut
    assert "77" not in line.split(" ")[0]


def test_a_line_holds_no_query_no_cookie_and_nothing_of_the_browser(tmp_path: Path) -> None:
    (line,) = logged(tmp_path, ("203.0.113.77", "/goods/tea?mail=SECRET&x=?SECRET"))
    assert "SECRET" not in line
    pattern = r"203\.0\.113\.0 \[\d{4}-\d\d-\d\dT[\d:]{8}[+-][\d:]{5}\] GET /goods/tea 200 \d+ [\d.]+"
    assert re.fullmatch(pattern, line)


def test_what_is_asked_of_the_gateway_itself_is_not_logged(tmp_path: Path) -> None:
    own = ["/_choices/me", "/_choices/", "/_choices", "/_choices/erase?a=1"]
    own += ["/%5Fchoices/me", "//_choices/me", "/a/../_choices/me"]
    lines = logged(tmp_path, *(("203.0.113.77", path) for path in [*own, "/_choicesandmore", "/shop/_choices/me"]))
    assert [line.split(" ")[3] for line in lines] == ["/_choicesandmore", "/shop/_choices/me"]


def test_nothing_else_is_written(tmp_path: Path) -> None:
    logged(tmp_path, ("203.0.113.77", "/goods?mail=SECRET"))
    files = [file for file in tmp_path.rglob("*") if file.is_file() and file.name != "nginx.conf"]
    written = {file.name: file.read_bytes() for file in files}
    assert not [name for name, content in written.items() if b"SECRET" in content or b"203.0.113.77" in content]


def test_the_log_is_gone_after_30_days() -> None:
    told = dict(line.split() for line in _lines() if len(line.split()) == 2 and line.split()[1].isdigit())
    assert "daily" in _lines()
    assert int(told["rotate"]) + 1 <= 30
    assert int(told["maxage"]) <= 30


def _lines() -> list[str]:
    return [line.strip() for line in (SAMPLES / "logrotate.conf").read_text().splitlines()]
