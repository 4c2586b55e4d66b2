"""The catalogue that ships with the gateway: `gateway/data/catalogue.json`, made by `scripts/catalogue`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

from gateway.errors import ConfigError, Problem
from gateway.model.catalogue import Catalogue
from gateway.model.service import Service


class _File(msgspec.Struct, forbid_unknown_fields=True):
    safe_cookies: tuple[str, ...]
    uncorroborated: tuple[str, ...]
    services: tuple[Service, ...]


def load_catalogue(
    own: Sequence[Service] = (), own_safe_cookies: Sequence[str] = (), source: Traversable | None = None
) -> Catalogue:
    """The shipped catalogue, with services of the configuration (`own`) before it: they win.

    Raises ConfigError when the file is missing or damaged: without it nothing would be enforced (R-49).
    """
    path = source or files("gateway") / "data" / "catalogue.json"
    try:
        data = msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, ValueError) as error:
        raise ConfigError([Problem("catalogue", str(path), f"a readable catalogue ({error})")]) from error
    return Catalogue((*own, *data.services), (*own_safe_cookies, *data.safe_cookies), data.uncorroborated)
