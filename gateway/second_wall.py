"""Whether this shop has a second wall, which one, and where it stands in the stack."""

from __future__ import annotations

import logging
from collections.abc import Callable

from gateway.config.settings import Settings
from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.wall import Wall
from gateway.middleware.wall import WallMiddleware
from gateway.model.categories import State
from gateway.model.decision import Decision
from gateway.registry import Registry
from gateway.types import ASGIApp, Scope

log = logging.getLogger(__name__)
_EVERYTHING = Decision(State.GRANTED, State.GRANTED, State.GRANTED)


def wall_mode(settings: Settings, registry: Registry) -> str:
    """`enforce`, `report` or `off`; without a mode the wall is enforced where unknown third parties are blocked."""
    return settings.csp.mode or ("enforce" if registry.block_unknown else "off")


def second_wall(settings: Settings, registry: Registry) -> Wall | None:
    """The wall that `[csp]` asks for."""
    mode = wall_mode(settings, registry)
    if mode == "off":
        return None
    declared = None if registry.declared is None else sorted(registry.declared)
    return Wall(
        registry.catalogue,
        None if declared is None else [registry.catalogue.by_id[service] for service in declared],
        settings.first_party,
        prefix=settings.prefix,
        connect=settings.csp.connect,
        longest=settings.csp.longest,
        report_only=mode == "report",
    )


def behind(
    wall: Wall | None,
    app: ASGIApp,
    *,
    policy_for: Callable[[Scope, Decision], PagePolicy],
    make_policy: Callable[[Decision, str, str], PagePolicy],
    untouched: Callable[[str], bool],
) -> ASGIApp:
    """`app` behind the wall, if there is one. What does not fit into its header is logged here, once.

    `policy_for` gives the shared rules of a request, `make_policy` those of a decision, a host and a scheme.
    """
    if wall is None:
        return app
    everything = make_policy(_EVERYTHING, "localhost", "https")
    rest = wall.left_out(everything)
    if rest:
        log.warning(
            "csp.longest: %d places of granted services do not fit into the policy and are blocked: %s%s; "
            "expected at least %d, and a proxy_buffer_size that holds it",
            len(rest), ", ".join(rest[:5]), ", …" if len(rest) > 5 else "", wall.needed(everything),
        )  # fmt: skip
    return WallMiddleware(app, wall=wall, policy_for=policy_for, untouched=untouched)
