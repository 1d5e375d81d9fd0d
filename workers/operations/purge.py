"""The hourly purge: deletes old rows and folds the figures."""

from __future__ import annotations

from typing import Final

from socialboost import jobs
from workers.engine import resources
from workers.engine.actors import Attempt, actor

BATCH: Final = 1_000
"""Rows deleted in one transaction."""
KEPT_DAYS: Final = 60
"""How long a receipt is protected from edits: twice the 30 days of a package."""


@actor(jobs.PurgeLedger)
def purge_ledger(job: jobs.PurgeLedger, attempt: Attempt) -> None:  # noqa: ARG001
    """Delete old rows (settled jobs after a week) in batches that lock briefly, and fold the figures."""
    while resources.db().run("purge_ledger", limit=BATCH) == BATCH:
        pass
    while resources.db().run("purge_kept_messages", days=KEPT_DAYS, limit=BATCH) == BATCH:
        pass
    while resources.db().run("purge_notices", limit=BATCH) == BATCH:
        pass
    resources.db().value("fold_figures")
