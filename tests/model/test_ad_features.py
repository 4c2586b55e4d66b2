from datetime import date

from gateway.model.ad_features import AD_FEATURES, REVIEWED


def test_the_list_is_dated_and_has_no_doubles() -> None:
    assert date.fromisoformat(REVIEWED)
    assert len(set(AD_FEATURES)) == len(AD_FEATURES)


def test_storage_access_is_off_only_where_an_owner_says_so() -> None:
    assert "storage-access" not in AD_FEATURES
