"""One entry of the catalogue: who is behind a host, a path, an inline snippet or a cookie."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.categories import Category


@dataclass(frozen=True, slots=True)
class Service:
    """A third party (or a product hosted by the shop itself) and everything it is recognised by.

    `hosts`: `example.com` is that host and every subdomain, `=www.example.com` exactly that host.
    `urls`: `facebook.com/tr` is a host as above and the beginning of a path, ending where a word ends;
    `/matomo.js` is the end of a path on any host, the shop's own included; `/p.js?*site` is the end of a path
    and a part of the query (only with a `*`). `*` stands for any text.
    `marks`: regular expressions in RE2's syntax, searched in inline scripts, case-sensitive.
    `cookies`: names on the shop's own host, `*` stands for any text.
    `embed`: its frames show what a visitor came for (a video, a map), so a placeholder is worth while.
    `in_trial`: whether it is enforced before the shop has declared its services; mere functions, and trackers
    that nobody but us calls so, pass until then like unknown ones.
    `separate`: covered by no category; only the visitor's click on its own placeholder opens it (R-12).
    `covered`: whether a yes to its category speaks of it: false if separate, or not on the shop's list (R-15).
    `exempt`: measures without consent, for as long as `Rules` say, until the visitor refuses (R-33).
    `days`: the longest its cookies may live; 0 if nobody said.
    `origin`: `curated`, `third-party-web`, `open-cookie-database` or `configuration`.
    """

    id: str
    name: str
    category: Category
    vendor: str = ""
    hosts: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    embed: bool = False
    policy_url: str = ""
    in_trial: bool = True
    origin: str = "curated"
    separate: bool = False
    covered: bool = True
    exempt: bool = False
    days: int = 0
