import logging
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.config.settings import Settings
from gateway.demo.record import Record
from gateway.demo.servers import listen
from gateway.demo.shop import Shop
from gateway.demo.tags import Tags
from gateway.demo.town import Town, demo_settings
from gateway.demo.trackers import TRACKERS
from gateway.types import ASGIApp


def test_one_shop_stands_behind_the_gateway_and_every_server_has_its_port(tmp_path: Path) -> None:
    behind: list[ASGIApp] = []

    def note(settings: Settings, shop: ASGIApp) -> ASGIApp:
        behind.append(shop)
        return shop

    town = Town(listen(0), tmp_path, note)
    ports = [listening.getsockname()[1] for _, listening in town.apps]
    for _, listening in town.apps:
        listening.close()
    assert behind == [town.guarded.shop]
    assert len(set(ports)) == 5
    assert town.shop_url == f"http://localhost:{ports[0]}/"
    assert town.bare_url == f"http://127.0.0.1:{ports[2]}/"


def test_everything_the_gateway_keeps_goes_into_the_folder(tmp_path: Path) -> None:
    settings = demo_settings(tmp_path)
    assert settings.folder == tmp_path
    assert settings.database == f"sqlite:///{tmp_path}/ledger.sqlite"
    assert [entry.id for entry in settings.services] == [tracker.id for tracker in TRACKERS]


def test_everything_the_shop_is_tracked_by_fits_into_the_second_wall(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="gateway.second_wall"):
        create_app(demo_settings(tmp_path), shop=Shop(Tags(1), Record()).app())
    assert caplog.messages == []
