"""The transactional outbox: adds a job in the caller's transaction and sends it after the commit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.errors import QueueUnavailableError
from socialboost.jobs import sending
from workers.engine import hooks

GRACE_SECONDS: Final = 2.0
"""How long the rescuer ignores a new row: its message is sent right after the commit."""

log = logs.get(__name__)


def add(
    tx: Transaction, job: jobs.LedgerJob, delay_seconds: float = 0.0, *, told_before: bool = False
) -> bool:
    """Add the job to the outbox: it runs if and only if `tx` commits. Returns False if its key exists.

    The job is sent right after the commit. The rescuer sends it if it has a delay or if that message is lost.
    With `told_before` the job is withheld until an admin decides (workers/withheld): its message may have
    been sent before the database was restored.
    """
    if told_before:
        return _withhold(tx, job)
    written = tx.run("owe_job", **_row(job, delay_seconds))
    if written:
        send_after(tx, job, due_now=delay_seconds <= 0)
    return bool(written)


def _withhold(tx: Transaction, job: jobs.LedgerJob) -> bool:
    written = tx.run("withhold_job", **begun(job))
    if written:
        tx.after_commit(partial(log.warning, "message_withheld", job=job.actor_name, key=job.key))
    return bool(written)


def add_again(
    tx: Transaction, job: jobs.LedgerJob, states: Sequence[str], delay_seconds: float = 0.0
) -> bool:
    """Add the job, or start it again if the job of this key ended in one of these `states`.

    Returns False while that job is under way, or waits for an admin's decision.
    """
    written = tx.run("owe_job_again", **_row(job, delay_seconds), states=list(states))
    if written:
        send_after(tx, job, due_now=delay_seconds <= 0)
    return bool(written)


def notify_admins(tx: Transaction, notice: jobs.NotifyAdmins, *, told_before: bool = False) -> None:
    """Add a notice to the admins: each chat's message is written by `tx` itself, without a job in between.

    With `told_before` the notice waits for an admin's decision (workers/withheld).
    """
    if told_before:
        _withhold(tx, notice)
    else:
        hooks.ADMINS_NOTIFIED(tx, notice)


def begun(job: jobs.LedgerJob) -> dict[str, Any]:
    """Return the first values of a job's row, which do not depend on its state."""
    return {
        "key": job.key,
        "actor": job.actor_name,
        "queue": job.queue,
        "args": json.dumps(job.ledger_args()),
        "max_attempts": job.max_attempts,
    }


def _row(job: jobs.LedgerJob, delay_seconds: float) -> dict[str, Any]:
    return {
        **begun(job),
        "delay_seconds": delay_seconds,
        "grace_seconds": GRACE_SECONDS if delay_seconds <= 0 else 0.0,
    }


def resume(tx: Transaction, actor: str, queue: str, args: dict[str, Any]) -> None:
    """Send a job whose row `tx` made due again, after the commit. The rescuer replaces a lost message."""
    # JSON from the database has Decimal for its fractions, which no message can carry.
    plain = json.loads(json.dumps(args, default=float))
    tx.after_commit(partial(_wake, actor, queue, plain))


def _wake(actor: str, queue: str, args: dict[str, Any]) -> None:
    try:
        sending.wake(actor, queue, args)
    except QueueUnavailableError as error:
        log.warning("owed_not_sent", job=actor, key=args.get("key"), error=str(error))


def send_after(tx: Transaction, job: jobs.LedgerJob, *, due_now: bool) -> None:
    """Send the job after the commit of `tx`, which added its row. The rescuer sends a delayed job.

    All jobs of a transaction are sent in one call to Redis, after its other hooks.
    """
    outgoing = next((hook for hook in tx.hooks if isinstance(hook, _Outgoing)), None)
    if outgoing is None:
        outgoing = _Outgoing()
    else:
        tx.hooks.remove(outgoing)
    outgoing.written.append((job, due_now))
    tx.after_commit(outgoing)


class _Outgoing:
    """The jobs whose rows one transaction wrote, and whether each is due at once."""

    def __init__(self) -> None:
        self.written: list[tuple[jobs.LedgerJob, bool]] = []

    def __call__(self) -> None:
        """Send those that are due."""
        for job, _ in self.written:
            log.debug("owed", job=job.actor_name, queue=job.queue, key=job.key)
        due = [job for job, due_now in self.written if due_now]
        try:
            if due:
                jobs.send_all(due)
        except QueueUnavailableError as error:  # the rows are committed; the rescuer sends them
            for job in due:
                log.warning("owed_not_sent", job=job.actor_name, key=job.key, error=str(error))
