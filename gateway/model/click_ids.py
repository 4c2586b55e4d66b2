"""The names of query parameters by which advertisers and mailers know one person's click."""

from __future__ import annotations

from typing import Final

CLICK_IDS: Final = (
    "gclid", "gbraid", "wbraid", "dclid", "gclsrc", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id",
    "yclid", "igshid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "vero_id", "ScCid", "epik", "_openstat",
    "_gl", "_ga",
)  # fmt: skip
"""Case matters: names are compared as servers compare them."""
