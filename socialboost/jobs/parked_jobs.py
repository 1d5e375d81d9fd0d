"""Parked jobs and dead letters: showing, replaying and discarding them."""

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
    """Ask the admin to confirm that a parked job or a dead letter is discarded."""

    ref: str


@dataclass(frozen=True, kw_only=True)
class SettleParkedJob(AdminTap, Decision, queue=INTERACTIVE):
    """Replay or discard a parked job or a dead letter. Answers {outcome: …} (socialboost/kinds.py)."""

    ref: str
    action: str
    """replay or discard."""
