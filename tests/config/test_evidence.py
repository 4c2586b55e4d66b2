"""Settings about evidence."""

from __future__ import annotations

from gateway.config.evidence import hold, retention
from gateway.config.settings import EvidenceHold, Policy, Settings
from gateway.model.hold import Hold
from gateway.model.retention import Retention


def test_bodies_are_kept_five_years_unless_told_otherwise() -> None:
    assert retention(Settings()) == Retention(5, 185, 366)
    policy = Policy(grant_days=90, refusal_days=200)
    assert retention(Settings(evidence_years=7, policy=policy)) == Retention(7, 90, 200)


def test_nothing_is_held_unless_told_so() -> None:
    assert hold(Settings()) is None
    held = EvidenceHold(reason="claim 12/2026", until="2026-12-31")
    assert hold(Settings(evidence_hold=held)) == Hold("claim 12/2026", 20_818)
