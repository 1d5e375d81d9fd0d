"""What must happen after a commit: a ledger row in the same transaction, a wake-up once it is committed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.errors import QueueUnavailableError
from socialboost.jobs import sending

GRACE_SECONDS: Final = 2.0
"""How long the rescuer leaves a row alone whose wake-up is sent right after the commit."""

_WITHHELD: Final = ("key", "actor", "queue", "args", "max_attempts")

log = logs.get(__name__)


def add(
    tx: Transaction, job: jobs.LedgerJob, delay_seconds: float = 0.0, *, told_before: bool = False
) -> bool:
    """Owe a job: it will be worked on if and only if `tx` commits. False when its key was known already.

    Sent at once after the commit; with a delay, and whenever that message is lost, by the rescuer. A message
    that may have been `told_before` the database was restored waits for an admin (workers/withheld).
    """
    if told_before:
        return _withhold(tx, job)
    written = tx.run("owe_job", **_row(job, delay_seconds))
    if written:
        tx.after_commit(partial(_committed, job, delay_seconds <= 0))
    return bool(written)


def _withhold(tx: Transaction, job: jobs.LedgerJob) -> bool:
    row = _row(job, 0.0)
    written = tx.run("withhold_job", **{name: row[name] for name in _WITHHELD})
    if written:
        tx.after_commit(partial(log.warning, "message_withheld", job=job.actor_name, key=job.key))
    return bool(written)


def add_again(
    tx: Transaction, job: jobs.LedgerJob, states: Sequence[str], delay_seconds: float = 0.0
) -> bool:
    """As `add`, and also when the job of this key was settled in one of these ways: it begins anew.

    False while it is on its way, or waits for a person.
    """
    written = tx.run("owe_job_again", **_row(job, delay_seconds), states=list(states))
    if written:
        tx.after_commit(partial(_committed, job, delay_seconds <= 0))
    return bool(written)


def _row(job: jobs.LedgerJob, delay_seconds: float) -> dict[str, Any]:
    return {
        "key": job.key,
        "actor": job.actor_name,
        "queue": job.queue,
        "args": json.dumps(job.ledger_args()),
        "max_attempts": job.max_attempts,
        "delay_seconds": delay_seconds,
        "grace_seconds": GRACE_SECONDS if delay_seconds <= 0 else 0.0,
    }


def resume(tx: Transaction, actor: str, queue: str, args: dict[str, Any]) -> None:
    """Send a job whose row `tx` has made due again; if that message is lost, the rescuer sends it."""
    # JSON from the database has Decimal for its fractions, which no message can carry.
    plain = json.loads(json.dumps(args, default=float))
    tx.after_commit(partial(_wake, actor, queue, plain))


def _wake(actor: str, queue: str, args: dict[str, Any]) -> None:
    try:
        sending.wake(actor, queue, args)
    except QueueUnavailableError as error:
        log.warning("owed_not_sent", job=actor, key=args.get("key"), error=str(error))


def _committed(job: jobs.LedgerJob, due_now: bool) -> None:
    log.info("owed", job=job.actor_name, queue=job.queue, key=job.key)
    if not due_now:
        return
    try:
        jobs.send(job)
    except QueueUnavailableError as error:  # the row is committed; the rescuer sends it
        log.warning("owed_not_sent", job=job.actor_name, key=job.key, error=str(error))
