"""Three hashes that tell whether two starts of the gateway were the same gateway (R-121)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

from gateway.config.settings import FileSettings, Settings

_PLACES = frozenset({"data", "database", "upstream"})
"""Where things are does not change what visitors are shown or what is enforced; the database may name a password."""
_TEMPLATES = ("templates", "locales")


def fingerprint(settings: Settings, assets: Iterable[bytes] = ()) -> dict[str, str]:
    """The body of a `config` event. `assets` are the banner's script and style sheets as they are served."""
    fields = {name: getattr(settings, name) for name in FileSettings.__struct_fields__ if name not in _PLACES}
    data = files("gateway") / "data"
    texts = [file.read_bytes() for folder in _TEMPLATES for file in _files(data / folder)]
    return {
        "configuration": sha256(msgspec.json.encode(fields, order="sorted")).hexdigest(),
        "catalogue": sha256((data / "catalogue.json").read_bytes()).hexdigest(),
        "templates": _together([*texts, *sorted(assets)]),
    }


def _files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: file.name)


def _together(texts: Iterable[bytes]) -> str:
    return sha256(b"".join(sha256(text).digest() for text in texts)).hexdigest()
