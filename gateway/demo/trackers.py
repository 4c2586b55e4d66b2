"""The third parties of the demo: real services by id, played on this machine under names of its own.

Every tracker has a host below `trackers.localhost`, which browsers resolve to the machine itself, so that the
shop can be tracked by everybody without a single request leaving it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.config.settings import ServiceEntry
from gateway.model.categories import Category

PARENT = "trackers.localhost"


@dataclass(frozen=True, slots=True)
class Tracker:
    """A service of the catalogue (`id`) and the label of the host that plays it."""

    id: str
    name: str
    category: Category
    label: str
    vendor: str
    embed: bool = False

    @property
    def host(self) -> str:
        """The host name that plays this tracker."""
        return f"{self.label}.{PARENT}"

    def origin(self, port: int) -> str:
        """Scheme, host and port of the tracker when the sink listens on `port`."""
        return f"http://{self.host}:{port}"

    def entry(self) -> ServiceEntry:
        """The declaration an operator would write for this service; of its real addresses none is left to allow."""
        return ServiceEntry(
            id=self.id,
            name=self.name,
            category=self.category,
            vendor=self.vendor,
            hosts=(self.host,),
            urls=(),
            embed=self.embed or None,
        )


# The catalogue counts the tag manager as statistics; this shop's container loads advertisements, so it is
# declared as what it loads.
TRACKERS = (
    Tracker("google-tag-manager", "Google Tag Manager", Category.MARKETING, "googletagmanager", "Google"),
    Tracker("google-analytics", "Google Analytics 4", Category.STATISTICS, "google-analytics", "Google"),
    Tracker("google-ads", "Google Ads", Category.MARKETING, "googleads", "Google"),
    Tracker("meta-pixel", "Meta Pixel", Category.MARKETING, "facebook", "Meta"),
    Tracker("line-tag", "LINE Tag", Category.MARKETING, "line-scdn", "LY Corporation"),
    Tracker("tiktok-pixel", "TikTok Pixel", Category.MARKETING, "tiktok", "TikTok"),
    Tracker("hotjar", "Hotjar", Category.STATISTICS, "hotjar", "Hotjar"),
    Tracker("crisp", "Crisp", Category.PREFERENCES, "crisp", "Crisp IM"),
    Tracker("youtube", "YouTube", Category.PREFERENCES, "youtube", "Google", embed=True),
    Tracker("google-maps", "Google Maps", Category.PREFERENCES, "google-maps", "Google", embed=True),
)

BY_LABEL = {tracker.label: tracker for tracker in TRACKERS}


def by_host(host: str) -> Tracker | None:
    """Who plays on that host (a port may follow), or None."""
    label, _, rest = host.lower().partition(":")[0].partition(".")
    return BY_LABEL.get(label) if rest == PARENT else None
