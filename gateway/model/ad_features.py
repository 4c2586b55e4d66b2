"""Features of browsers that exist for advertising: off until marketing is granted (R-54)."""

from __future__ import annotations

from typing import Final

AD_FEATURES: Final = (
    "browsing-topics",
    "attribution-reporting",
    "join-ad-interest-group",
    "run-ad-auction",
    "shared-storage",
    "private-aggregation",
)
"""Names as in a Permissions-Policy header."""

REVIEWED: Final = "2026-11-01"
"""When the list was last compared with what browsers have."""
