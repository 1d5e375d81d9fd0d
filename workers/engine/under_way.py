"""The ledger job that runs in this thread: ends it, or adds its next job, in the commit of its effect.

    with resources.db().transaction() as tx:
        tx.value("apply_payment", ...)
        under_way.add_next(tx, receipt)     # this process goes on with it; the queue is the fallback
        under_way.finish_with(tx)           # the job is done if and only if its effect is

Outside of a ledger job (a loop, a test that calls the function) `finish_with` does nothing and `add_next` is
`outbox.add`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import psycopg

from socialboost import jobs, logs
from socialboost.db import Database, Transaction
from workers.engine import ledger, outbox, resources
from workers.engine.ledger import Claim, End

UNKNOWN_ID: Final = 0
"""Stands for a message in `lasting_messages` that may exist with an unknown id."""

log = logs.get(__name__)


class ClaimLostError(Exception):
    """Another worker has taken the job over, so this one must change nothing more."""


@dataclass
class UnderWay:
    """A ledger job while its body runs."""

    claim: Claim
    is_finished: bool = False
    """True once the job was recorded as done in the transaction of its effect."""
    kept: list[tuple[int, int]] = field(default_factory=list)
    """Messages that must last (chat, message); they are recorded with the job's settlement."""
    end: End | None = None
    """The statement that records the job as done, if it is not the usual one."""
    next: list[tuple[jobs.LedgerJob, Claim]] = field(default_factory=list)
    """Claimed jobs with which this process goes on."""

    def finished(self) -> None:
        """Record in memory that the job's row says done."""
        self.is_finished = True


_current: ContextVar[UnderWay | None] = ContextVar("under_way", default=None)


@contextmanager
def working(claim: Claim) -> Iterator[UnderWay]:
    """Make the claimed job the one that runs in this thread."""
    made = UnderWay(claim)
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)


def finish_with(tx: Transaction) -> None:
    """Record the running job as done in the transaction of its effect: both commit or neither does.

    Raises ClaimLostError, which undoes the effect, if another worker has taken the job over.
    """
    job = _current.get()
    if job is None:
        return
    if tx.run("finish_job", key=job.claim.key, worker=job.claim.worker) != 1:
        raise ClaimLostError(job.claim.key)
    tx.after_commit(job.finished)


def end_with(query: str, *, keeps_messages: bool = False, **arguments: Any) -> None:
    """Let this `:run` statement record the running job as done, by `key` and `worker` as `finish_job` does.

    With `keeps_messages` it also gets the messages that must last, like `finish_sending_job`. It runs after
    the body has returned, and again if PostgreSQL was down, so it must be safe to repeat. Outside of a ledger
    job it does nothing.
    """
    job = _current.get()
    if job is not None:
        job.end = End(query, arguments, keeps_messages)


def add_next(
    tx: Transaction,
    job: jobs.LedgerJob,
    *,
    found: Mapping[str, Any] | None = None,
    told_before: bool = False,
) -> bool:
    """Add a job with which this process goes on when the running one has ended. Returns as `outbox.add`.

    Its row is added with a claim: the first attempt is counted in `tx`, so the job needs neither a message
    nor a claim of its own. If the process dies, the lease ends and the rescuer sends the job like any other.
    `found` has the data that `tx` has read for it (Attempt.found).
    """
    running = _current.get()
    if told_before or running is None:
        return outbox.add(tx, job, told_before=told_before)
    lease_seconds = ledger.lease_seconds(job)
    claim = Claim(
        "claimed",
        job.key,
        uuid.uuid4().hex,
        attempt=1,
        max_attempts=job.max_attempts,
        lease_seconds=lease_seconds,
        found=found,
    )
    row = {**outbox.begun(job), "worker": claim.worker, "lease_seconds": lease_seconds}
    written = tx.run("owe_claimed_job", **row)
    if written:
        tx.after_commit(partial(_go_on_with, running, job, claim))
    return bool(written)


def _go_on_with(running: UnderWay, job: jobs.LedgerJob, claim: Claim) -> None:
    log.debug("owed", job=job.actor_name, queue=job.queue, key=job.key)
    resources.lease_renewer().hold(claim, job.lease_seconds)
    running.next.append((job, claim))


def keep_unknown(db: Database, chat_id: int) -> None:
    """Record at once that an earlier attempt may have sent this chat a message whose id is not known.

    It cannot wait for the settlement: a second worker that dies would leave the job parked, and its first
    message unprotected. No error is raised, as in `keep_message`.
    """
    _write(db, chat_id, UNKNOWN_ID)


def keep_message(db: Database, chat_id: int, message_id: int) -> None:
    """Record that a message must never be edited. UNKNOWN_ID stands for one with an unknown id.

    In a ledger job this is recorded with the job's end: until then the row is `running`, and
    `get_message_fate` protects every unknown message of its chat. Elsewhere it is recorded at once. No error
    is raised: the message was sent, and sending it twice would be worse than editing it.
    """
    job = _current.get()
    if job is not None:
        job.kept.append((chat_id, message_id))
    else:
        _write(db, chat_id, message_id)


def _write(db: Database, chat_id: int, message_id: int) -> None:
    try:
        ledger.write_kept(db, [(chat_id, message_id)])
    except psycopg.Error as error:
        log.warning("lasting_not_kept", error=type(error).__name__)
