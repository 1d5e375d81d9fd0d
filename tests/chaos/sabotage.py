"""Removes one guard in a worker of the chaos rig, for the negative controls (CHAOS_WITHOUT).

A rig that passes without a guard proves nothing about it. The product's code does not change: guards are
replaced in this process only, and row_lock.sql changes the rig's own database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import sql
from psycopg_pool import ConnectionPool

from socialboost import jobs
from socialboost.db import Database, Transaction
from socialboost.errors import QueueUnavailableError
from workers.engine import ledger, outbox, under_way
from workers.payments import reconciler

UNCOUNT = sql.SQL("UPDATE job_ledger SET attempts = attempts - 1 WHERE key = %s AND worker = %s")
COUNT = sql.SQL("UPDATE job_ledger SET attempts = attempts + 1 WHERE key = %s AND attempts < max_attempts")


def without_reconciler() -> None:
    """Remove the reconciler: Crypto Pay is never asked."""
    for name in ("repair", "verify", "look_through_recent"):
        setattr(reconciler.Reconciler, name, lambda *_: None)


def without_outbox() -> None:
    """Replace the outbox: jobs are sent after the commit and not stored."""

    def only_send(tx: Transaction, job: jobs.LedgerJob, delay_seconds: float = 0.0) -> bool:
        del delay_seconds
        tx.after_commit(lambda: _send(job))
        return True

    outbox.add = only_send
    under_way.add_next = lambda tx, job, **_: only_send(tx, job)


def _send(job: jobs.LedgerJob) -> None:
    try:
        jobs.send(job)
    except QueueUnavailableError:
        return


def without_attempt_before_effect() -> None:
    """Count an attempt at its end, so an attempt that ends with its process is not counted."""
    claim, finish, retry = ledger.claim, ledger.finish, ledger.retry
    finish_by = ledger.finish_by

    def claim_uncounted(
        db: Database, job: Any, worker: str, by: ledger.Claiming | None = None
    ) -> ledger.Claim:
        claimed = claim(db, job, worker, by)
        if claimed.outcome == "claimed":
            _execute(db, UNCOUNT, claimed.key, claimed.worker)
        return claimed

    def counted(settle: Callable[..., bool]) -> Callable[..., bool]:
        def settle_and_count(db: Database, claimed: ledger.Claim, *rest: Any) -> bool:
            settled = settle(db, claimed, *rest)
            _execute(db, COUNT, claimed.key)
            return settled

        return settle_and_count

    ledger.claim, ledger.finish, ledger.retry = claim_uncounted, counted(finish), counted(retry)
    ledger.finish_by = counted(finish_by)

    def add(tx: Transaction, job: jobs.LedgerJob, *, told_before: bool = False, **_: object) -> bool:
        return outbox.add(tx, job, told_before=told_before)  # whose row is claimed, and so not counted

    under_way.add_next = add


def _execute(db: Database, statement: sql.SQL, *values: str) -> None:
    connections: ConnectionPool[Any] = db._pool
    with connections.connection() as connection:
        connection.execute(statement, values)


WAYS: dict[str, Callable[[], None]] = {
    "reconciler": without_reconciler,
    "outbox": without_outbox,
    "attempt_before_effect": without_attempt_before_effect,
    "row_lock": lambda: None,  # in the database: row_lock.sql
}
