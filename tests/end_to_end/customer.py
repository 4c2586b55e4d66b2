"""A visitor with a cookie jar of their own who looks at pages, chooses, and checks every answer."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import socket
import ssl
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from gateway.enforcement.consent_cookie import ConsentCookie
from gateway.model.entry import Kind, subject_tag, tag_key
from tests.end_to_end.cluster import SECRET, TAG_KEY, Cluster
from tests.nginx.site import HOST, TRACKER

_COOKIE = ConsentCookie([SECRET.encode()])
_TAG_KEY = tag_key(TAG_KEY.encode())
_ALL = frozenset({"preferences", "statistics", "marketing"})
_NONE: frozenset[str] = frozenset()
_STATISTICS = frozenset({"statistics"})
_OPTIONAL = {"_ga": "statistics", "_fbp": "marketing"}
_AROUND = 3.0
"""Seconds after a kill in which nginx may still take a connection to the dead gateway for a live one."""
_BREATH = 0.25
"""Seconds between two requests: within the limits of the site, which are as shipped."""

Recorded = tuple[Kind, frozenset[str]]


class Failed(Exception):
    """A request brought no answer that counts: its connection was cut, or its status is 5xx."""


@dataclass
class Customer:
    """`said` is what was acknowledged, by the tag of its subject; `open` counts attempts nobody can link to a retry."""

    cluster: Cluster
    number: int
    consent: str = ""
    granted: frozenset[str] = _NONE
    said: defaultdict[str, Counter[Recorded]] = field(default_factory=lambda: defaultdict(Counter))
    refusals: int = 0
    open: Counter[Kind] = field(default_factory=Counter)
    pages: int = 0
    failures: list[tuple[str, float, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def live(self, until: threading.Event) -> None:
        """From life to life until the event is set; a choice that was begun is brought to its end."""
        for life in itertools.count():
            self.consent, self.granted = "", _NONE
            if life % 3 == 2:
                self._look(until, 2)
                self._choose(Kind.REFUSE, "choice", _NONE, action="refuse")
                self._look(until, 4)
            else:
                self._look(until, 1)
                self._choose(Kind.GRANT, "choice", _ALL, action="accept")
                self._look(until, 2)
                self._choose(Kind.CHANGE, "choice", _STATISTICS, action="save", category=["statistics"])
                self._look(until, 2)
                self._choose(Kind.WITHDRAW, "withdraw", _NONE)
                self._look(until, 4)
            if until.is_set():
                return

    def _look(self, until: threading.Event, times: int) -> None:
        for _ in range(times):
            if until.is_set():
                return
            time.sleep(_BREATH)
            self.pages += 1
            path = f"/{self.number}/{self.pages}"
            try:
                body, _ = self._ask("GET", path)
            except Failed:
                pass
            else:
                self._check((f' src="{TRACKER}' in body) == ("statistics" in self.granted), f"{path}: the tracker")
                self._check("</body>" in body, f"{path}: cut")
            for line in list(self.cluster.shop.cookies[path]):
                names = {pair.strip().partition("=")[0] for pair in line.split(";")}
                expected = {"sessionid", *(name for name, category in _OPTIONAL.items() if category in self.granted)}
                self._check(names == expected, f"{path}: the shop saw {sorted(names)}")

    def _choose(self, kind: Kind, where: str, granted: frozenset[str], **fields: object) -> None:
        """As the banner's script does, with a visitor who clicks again until it worked."""
        before = _COOKIE.load(self.consent)
        while True:
            time.sleep(_BREATH)
            try:
                body, headers = self._ask("POST", f"/_choices/{where}", {"rev": 1, **fields})
                break
            except Failed:
                self.open[kind] += 1
        states = json.loads(body)["categories"]
        self._check({name for name in states if states[name] == "granted"} == granted, f"{kind}: {states}")
        lines = [line for name, line in headers if name.lower() == "set-cookie"]
        cookies = [line for line in lines if line.startswith("__Secure-consent=")]
        self._check(len(cookies) == 1, f"{kind}: {cookies}")
        self.consent = cookies[0].partition(";")[0].partition("=")[2]
        self.granted = granted
        after = _COOKIE.load(self.consent)
        if kind is Kind.REFUSE:
            self.refusals += 1
            return
        choice = before if kind is Kind.WITHDRAW else after
        assert choice is not None
        self.said[subject_tag(_TAG_KEY, choice.id).hex()][kind, granted] += 1

    def _ask(self, method: str, path: str, fields: object = None) -> tuple[str, list[tuple[str, str]]]:
        """One request from an address of its own, over a connection of its own. Raises Failed."""
        site = self.cluster.site
        cookies = [f"sessionid={self.number}", "_ga=GA1.1", "_fbp=fb.1"]
        cookies += [f"__Secure-consent={self.consent}"] * bool(self.consent)
        headers = {"Host": f"{HOST}:{site.port}", "Cookie": "; ".join(cookies), "Connection": "close"}
        if fields is not None:
            headers |= {"Content-Type": "application/json", "Origin": site.origin, "Sec-Fetch-Site": "same-origin"}
        began = time.monotonic()
        why = ""
        connection = _Connection(site.port, f"127.0.1.{self.number + 1}", site.tls)
        try:
            connection.request(method, path, None if fields is None else json.dumps(fields), headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            if answer.status < 500:
                self._check(answer.status == 200, f"{method} {path}: {answer.status} {body[:200]}")
                return body, answer.getheaders()
            why = str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            why = repr(error)
        finally:
            connection.close()
        self.failures.append((f"{method} {path}: {why}", began, time.monotonic()))
        raise Failed

    def _check(self, holds: bool, what: str) -> None:
        if not holds:
            self.faults.append(f"{self.number}: {what}")

    def unexplained(self) -> list[str]:
        """Failures that no kill explains. Of a page nginx asks another gateway: of it none explains a 5xx."""
        return [
            what
            for what, began, ended in self.failures
            if re.fullmatch(r"GET .*: 5\d\d", what)
            or not any(began - _AROUND <= moment <= ended for moment in self.cluster.killed)
        ]


class _Connection(http.client.HTTPSConnection):
    """To this machine, under the shop's name."""

    def __init__(self, port: int, address: str, tls: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=30)
        self._from, self._tls = address, tls

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout, (self._from, 0))
        self.sock = self._tls.wrap_socket(plain, server_hostname=HOST)
