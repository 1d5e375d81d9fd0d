"""The job ledger as a worker uses it: claim a job before its effect, record the outcome (settle) afterwards.

Every settlement names its claim. It changes nothing if another worker has taken the job over (sql/functions).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from socialboost import logs
from socialboost.db import Database, Transaction
from socialboost.db.rows.jobs import ParkExhaustedJob, ParkJob, ParkUnreadableJob
from socialboost.jobs import LedgerJob, NotifyAdmins, SendAdminNotice
from workers.engine import outages, outbox

Outcome = Literal["claimed", "done", "parked", "discarded", "withheld", "busy", "early", "foreign"]
OnExhausted = Callable[[Transaction, Any, str], object]
"""Called in the transaction that parks the job: (tx, job, error)."""
Parked = ParkJob | ParkExhaustedJob | ParkUnreadableJob

LEASE_SECONDS: Final = 10.0
"""A claim's lease, renewed while the job runs (lease_renewer.py). A killed worker's job is free soon."""
BACKOFF_SECONDS: Final = (2.0, 10.0, 30.0)
"""Waits before the second, the third and every later attempt."""
_CLAIM_COLUMNS: Final = frozenset({"outcome", "attempts", "max_attempts", "args", "is_repeated"})
_SILENT: Final = frozenset({NotifyAdmins.actor_name, SendAdminNotice.actor_name})
"""Actors whose parked jobs are not announced: a notice about a lost notice would be lost too."""

log = logs.get(__name__)


@dataclass(frozen=True)
class Claim:
    """A job's row as the claim found it. `worker` is unique to this claim."""

    outcome: Outcome
    key: str
    worker: str
    attempt: int = 0
    max_attempts: int = 0
    args: dict[str, Any] | None = None
    is_repeated: bool = False
    lease_seconds: float = LEASE_SECONDS
    """How long the claim lasts without a renewal."""
    found: Mapping[str, Any] | None = None
    """The data for the job's body, read by the claiming statement or by the job that added it."""
    failure: Exception | None = None
    """The reason why the statement that claims and reads failed. The claimed attempt counts as failed."""

    @property
    def last(self) -> bool:
        """True if no attempt is left after this one."""
        return self.attempt >= self.max_attempts


def lease_seconds(job: LedgerJob) -> float:
    """Return how long a claim of this job lasts without a renewal."""
    return LEASE_SECONDS if job.claim_seconds is None else job.claim_seconds


@dataclass(frozen=True)
class Claiming:
    """A query that claims a job like claim_job and returns more columns with data for the job's body."""

    query: str
    arguments: Callable[[Any], Mapping[str, Any]]
    """The job's fields that are parameters of the query, besides claim_job's."""


def claim(db: Database, job: LedgerJob, worker: str, by: Claiming | None = None) -> Claim:
    """Claim the job for one attempt, which is committed on return. `outcome` says why a claim failed.

    The further columns of the query `by` are in `Claim.found`.
    """
    seconds = lease_seconds(job)
    arguments: dict[str, Any] = {
        "key": job.key,
        "actor": job.actor_name,
        "queue": job.queue,
        "args": json.dumps(job.ledger_args()),
        "max_attempts": job.max_attempts,
        "lease_seconds": seconds,
        "worker": worker,
        "tells": job.tells,
    }
    one: Callable[..., Mapping[str, Any] | None] = db.one
    row = one("claim_job", **arguments) if by is None else one(by.query, **arguments, **by.arguments(job))
    if row is None:  # settled and purged between the two statements of the function
        return Claim("done", job.key, worker)
    return Claim(
        cast("Outcome", row["outcome"]),
        job.key,
        worker,
        row["attempts"],
        row["max_attempts"],
        json.loads(row["args"]),
        row["is_repeated"],
        seconds,
        None if by is None else {name: row[name] for name in row if name not in _CLAIM_COLUMNS},
    )


def write_kept(db: Database, messages: Sequence[tuple[int, int]]) -> None:
    """Record that these messages (chat, message) must never be edited. Safe to repeat."""
    if messages:
        db.run("keep_messages", **_columns(messages))


@dataclass(frozen=True)
class End:
    """A statement that records a job as done together with another effect."""

    query: str
    arguments: Mapping[str, Any]
    keeps_messages: bool = False
    """Whether it also records the messages that must last, from `chat_ids` and `message_ids`."""


def finish_by(db: Database, claimed: Claim, end: End, kept: Sequence[tuple[int, int]] = ()) -> bool:
    """Run the statement that ends the job. Returns as `finish`."""
    messages = _columns(kept) if end.keeps_messages else {}
    if kept and not messages:
        write_kept(db, kept)
    return db.run(end.query, key=claimed.key, worker=claimed.worker, **messages, **end.arguments) == 1


def finish(db: Database, claimed: Claim, kept: Sequence[tuple[int, int]] = ()) -> bool:
    """Record the job as done, and with it the messages it sent that must last.

    Returns False if another worker has taken it over; the messages are recorded all the same.
    """
    if not kept:
        return db.run("finish_job", key=claimed.key, worker=claimed.worker) == 1
    return db.run("finish_sending_job", key=claimed.key, worker=claimed.worker, **_columns(kept)) == 1


def _columns(messages: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    return {"chat_ids": [chat for chat, _ in messages], "message_ids": [number for _, number in messages]}


def postpone(db: Database, claimed: Claim, wait: outages.Wait, error: str) -> bool:
    """Give the attempt back and make the job due later. Safe even if the claim may have failed.

    The row keeps since when the job has waited for an outage to end (waiting_since).
    """
    settled = db.run(
        "postpone_job",
        key=claimed.key,
        worker=claimed.worker,
        delay_seconds=wait.seconds,
        grows=wait.grows,
        shortest_seconds=outages.SHORTEST_SECONDS,
        longest_seconds=outages.LONGEST_SECONDS,
        error=error,
    )
    return settled == 1


def retry(db: Database, claimed: Claim, error: str) -> bool:
    """Record a failed attempt and make the job due for the next one."""
    delay = BACKOFF_SECONDS[min(claimed.attempt, len(BACKOFF_SECONDS)) - 1]
    settled = db.run("retry_job", key=claimed.key, worker=claimed.worker, delay_seconds=delay, error=error)
    return settled == 1


def discard(db: Database, claimed: Claim, error: str) -> bool:
    """Record the job as discarded. Returns False if another worker has taken it over."""
    return db.run("discard_job", key=claimed.key, worker=claimed.worker, error=error) == 1


def park(
    db: Database, claimed: Claim, job: LedgerJob, error: str, on_exhausted: OnExhausted | None = None
) -> bool:
    """Park the job and add a notice to the admins. Returns False if another worker has taken it over."""

    def move(tx: Transaction) -> ParkJob | None:
        return tx.one("park_job", key=claimed.key, worker=claimed.worker, error=error)

    return _park(db, move, job, error, on_exhausted)


def park_exhausted(db: Database, job: LedgerJob, error: str, on_exhausted: OnExhausted | None = None) -> bool:
    """Park a job whose worker died in the last attempt. Returns False if the job has ended meanwhile."""

    def move(tx: Transaction) -> ParkExhaustedJob | None:
        return tx.one("park_exhausted_job", key=job.key, error=error)

    return _park(db, move, job, error, on_exhausted)


def park_unreadable(db: Database, key: str, actor_name: str, error: str) -> bool:
    """Park a row that no worker can decode. Returns False if it was claimed or has ended meanwhile."""
    with db.transaction() as tx:
        row = tx.one("park_unreadable_job", key=key, error=error)
        if row is None:
            return False
        _announce(tx, key, actor_name, error, row)
    log.error("job_parked", job=actor_name, key=key, error=error)
    return True


def _park(
    db: Database,
    move: Callable[[Transaction], Parked | None],
    job: LedgerJob,
    error: str,
    on_exhausted: OnExhausted | None,
) -> bool:
    try:
        parked = _park_once(db, move, job, error, on_exhausted)
    except Exception as failure:
        if outages.is_away(failure) or on_exhausted is None:
            raise
        # A bug in the callback must not keep the job from being parked and announced.
        log.exception("on_exhausted_failed", job=job.actor_name, key=job.key)
        parked = _park_once(db, move, job, error, None)
    if parked:
        log.error("job_parked", job=job.actor_name, queue=job.queue, key=job.key, error=error)
    return parked


def _park_once(
    db: Database,
    move: Callable[[Transaction], Parked | None],
    job: LedgerJob,
    error: str,
    on_exhausted: OnExhausted | None,
) -> bool:
    with db.transaction() as tx:
        row = move(tx)
        if row is None:
            return False
        if on_exhausted is not None:
            on_exhausted(tx, job, error)
        _announce(tx, job.key, job.actor_name, error, row)
    return True


def _announce(tx: Transaction, key: str, actor_name: str, error: str, row: Parked) -> None:
    if actor_name not in _SILENT:
        data = {"key": key, "actor": actor_name, "error": error, "attempts": row["attempts"]}
        notice = f"notice:parked:{key}:{row['parked_ms']}"
        outbox.notify_admins(tx, NotifyAdmins(key=notice, kind="job_parked", data=data))
