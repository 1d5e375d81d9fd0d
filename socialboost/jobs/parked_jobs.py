"""Parked jobs and dead letters: shown, replayed, discarded."""

from __future__ import annotations

from dataclasses import dataclass

from socialboost.jobs.base import INTERACTIVE, AdminTap, Decision


@dataclass(frozen=True, kw_only=True)
class ShowParkedJobs(AdminTap, queue=INTERACTIVE):
    """Show a page of parked jobs and dead letters, newest first."""

    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowParkedJob(AdminTap, queue=INTERACTIVE):
    """Show one parked job (`ref`: digest of its key) or dead letter (`ref`: letter_<id>)."""

    ref: str


@dataclass(frozen=True, kw_only=True)
class AskSettlement(AdminTap, queue=INTERACTIVE):
    """Ask whether the admin is sure that a parked job or a dead letter is to be discarded."""

    ref: str


@dataclass(frozen=True, kw_only=True)
class SettleParkedJob(AdminTap, Decision, queue=INTERACTIVE):
    """Replay or discard a parked job or a dead letter. Answers {outcome: …} (socialboost/kinds.py)."""

    ref: str
    action: str
    """replay or discard."""
