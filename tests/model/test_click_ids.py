"""The list of R-60."""

from __future__ import annotations

from gateway.model.click_ids import CLICK_IDS


def test_the_list_is_the_documented_one_and_spares_campaign_names() -> None:
    documented = (
        "gclid gbraid wbraid dclid gclsrc fbclid msclkid ttclid twclid li_fat_id yclid igshid mc_eid _hsenc _hsmi"
        " mkt_tok vero_id ScCid epik _openstat _gl _ga"
    )
    assert " ".join(CLICK_IDS) == documented
    assert not any(name.startswith("utm_") for name in CLICK_IDS)
