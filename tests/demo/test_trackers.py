import pytest

from gateway.demo.trackers import TRACKERS, Tracker
from gateway.enforcement.catalogue_data import load_catalogue
from gateway.enforcement.site import is_first_party


@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.id)
def test_every_tracker_is_a_service_of_the_catalogue(tracker: Tracker) -> None:
    assert tracker.id in load_catalogue().by_id


@pytest.mark.parametrize("page", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("tracker", TRACKERS, ids=lambda tracker: tracker.id)
def test_no_tracker_is_first_party_to_the_shop(tracker: Tracker, page: str) -> None:
    assert not is_first_party(tracker.host, page)
