"""Is this image a pixel: there to report, not to be seen? (R-45)"""

from __future__ import annotations

import re

from gateway.enforcement.attributes import StartTag

_TINY = re.compile(r"\s*0*[0-2](?:\.\d*)?\s*+(?:px\s*+)?$", re.IGNORECASE)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|(?:left|top|right|bottom|text-indent|margin-left)\s*:\s*-\d{3,}"
    r"|(?:^|[;\s])(?:width|height)\s*:\s*[0-2](?:px)?\s*(?:!important\s*)?(?:;|$)",
    re.IGNORECASE,
)
_BEACON = re.compile(
    r"/(?:collect|tr|pixel|pix|beacon|b|p|t|track|tracker|trk|hit|hits|imp|impression|count|counter|cnt|conv"
    r"|conversion|event|log|stat|stats|view|pv|utm|__utm|1x1|px)"
    r"(?:\.(?:gif|png|php|aspx?|ashx|cgi))?/?(?:[?;#]|$)"
    r"|/pixel[/?.]|/(?:piwik|matomo)\.php",
    re.IGNORECASE,
)

_PICTURE = re.compile(r"[^?#]*(?:\.(?:jpe?g|webp|avif)|/spacer\.(?:gif|png))\s*$", re.IGNORECASE)


def is_tiny(tag: StartTag) -> bool:
    """At most two pixels in a direction, or hidden, by its own attributes."""
    if tag.has("hidden"):
        return True
    if any(tag.has(name) and _TINY.match(tag.value(name)) for name in ("width", "height")):
        return True
    return tag.has("style") and _HIDDEN.search(tag.value("style")) is not None


def is_beacon(url: str) -> bool:
    """Whether the path of `url` is one that only reporting endpoints have."""
    return _BEACON.search(url) is not None


def is_picture(url: str) -> bool:
    """Whether `url` has nothing to report: a photograph's file, or the spacer of old layouts, without a query.

    Shops keep such pictures out of sight until a slide or a tab is opened.
    """
    return _PICTURE.match(url) is not None
