"""The hourly purge: deletes old rows and folds the figures."""

from __future__ import annotations

from typing import Final

from socialboost import jobs
from workers.engine import resources
from workers.engine.actors import Attempt, actor

BATCH: Final = 1_000
"""Rows deleted in one transaction."""
KEPT_DAYS: Final = 60
"""For which a receipt is never edited away: a package's 30 days twice."""


@actor(jobs.PurgeLedger)
def purge_ledger(job: jobs.PurgeLedger, attempt: Attempt) -> None:  # noqa: ARG001
    """Delete what is old (settled ledger rows after a week), in batches that lock briefly; fold figures."""
    while resources.db().run("purge_ledger", limit=BATCH) == BATCH:
        pass
    while resources.db().run("purge_kept_messages", days=KEPT_DAYS, limit=BATCH) == BATCH:
        pass
    while resources.db().run("purge_notices", limit=BATCH) == BATCH:
        pass
    resources.db().value("fold_figures")
