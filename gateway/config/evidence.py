"""What the settings say about keeping the evidence of choices."""

from __future__ import annotations

from datetime import date

from gateway.config.settings import Settings
from gateway.model.hold import Hold
from gateway.model.retention import Retention, epoch_day


def retention(settings: Settings) -> Retention:
    """How long bodies are kept."""
    policy = settings.policy
    return Retention(settings.evidence_years, policy.grant_days, policy.refusal_days)


def hold(settings: Settings) -> Hold | None:
    """The hold on evidence, whether it has ended or not; None without one."""
    held = settings.evidence_hold
    return Hold(held.reason, epoch_day(date.fromisoformat(held.until))) if held else None
