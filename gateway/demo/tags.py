"""The shop's marketing tags, as a shop really has them: pasted into the template, marked for nobody."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.demo.markup import Markup, fill
from gateway.demo.trackers import BY_LABEL, PARENT
from gateway.types import RawHeaders

_PLACES = {
    "gtm": "googletagmanager",
    "ga": "google-analytics",
    "ads": "googleads",
    "meta": "facebook",
    "line": "line-scdn",
    "hotjar": "hotjar",
    "tiktok": "tiktok",
    "chat": "crisp",
    "video": "youtube",
    "map": "google-maps",
}


class Tags:
    """The snippets and headers of all third parties, played by the sink on `port`."""

    def __init__(self, port: int) -> None:
        self.origins = {f"at.{name}": BY_LABEL[label].origin(port) for name, label in _PLACES.items()}
        self._port = port

    def parts(self, event: str) -> dict[str, Markup]:
        """What the layout puts into the head, after `<body>` and before `</body>`."""
        return {
            name: fill(name, "", event=event, **self.origins)
            for name in ("tags_head", "tags_body", "tags_foot")
        }

    def headers(self) -> RawHeaders:
        """Response headers by which third parties are told of the visit without any markup."""
        gtm = self.origins["at.gtm"]
        reports = f"http://reports.{PARENT}:{self._port}/nel"
        group = f'{{"group":"nel","max_age":604800,"endpoints":[{{"url":"{reports}"}}]}}'
        lines = [
            ("link", f"<{gtm}>; rel=preconnect, <{gtm}/gtm.js?id=GTM-SANMU01>; rel=preload; as=script"),
            ("report-to", group),
            ("nel", '{"report_to":"nel","max_age":604800,"success_fraction":1.0}'),
        ]
        return [(name.encode(), value.encode()) for name, value in lines]

    def cookies(self, present: Sequence[str], visitor: str) -> list[str]:
        """`Set-Cookie` lines of the shop's server-side tagging: no script can see or delete these cookies."""
        lines = {
            "_fbc": f"_fbc=fb.1.1700000000000.{visitor}; Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax",
            "FPID": f"FPID=FPID2.2.{visitor}; Max-Age=63072000; Path=/; HttpOnly; SameSite=Lax",
        }
        return [line for name, line in lines.items() if name not in present]
