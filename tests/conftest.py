"""Nothing in the tests depends on how long it takes: hypothesis has no deadline."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
