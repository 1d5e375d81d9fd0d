"""Batches notices: all notices that wait for the same chat are sent as one message (docs/adr/0007).

Each notice keeps its own ledger row, attempt and lease, and gets the outcome of the message it was part of.
So each is sent at least once and repeated as often as it would be alone.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from dramatiq.middleware import Interrupt

from socialboost import jobs, logs
from socialboost.db import Transaction
from workers.engine import actors, ledger, resources
from workers.engine.ledger import Claim
from workers.engine.rescuer import Rescuer
from workers.telegram import rate_limit_scripts

MOST: Final = 20
"""The largest number of notices in one message."""
PAGE: Final = 5 * MOST
"""How many waiting notices are read, and given a time, at once."""
AHEAD_SECONDS: Final = 1.1
"""Notices that are due within this time are sent in the same message."""

LONGEST_SECONDS: Final = 60.0
"""A new notice is due after this time at the latest, even if no earlier message took it along."""

log = logs.get(__name__)

Joined = list[tuple[jobs.SendAdminNotice, Claim]]


@dataclass(frozen=True)
class Together:
    """A batch: the notices of one message."""

    notices: list[jobs.SendAdminNotice]
    number: int
    """The highest attempt among them (Attempt.number)."""


@contextmanager
def joined(
    job: jobs.SendAdminNotice,
    attempt: actors.Attempt,
    waiting: Sequence[str],
    fitting: Callable[[Sequence[jobs.SendAdminNotice]], int],
) -> Iterator[Together]:
    """Claim the other notices waiting for the same chat and yield all of them as one batch.

    `waiting` has their arguments as JSON, as the claim of this one read them.

    Their leases are renewed during the block, and they get the same outcome as the message sent in it.
    `fitting` returns how many of the notices, from the first on, fit into one message.
    """
    started = time.monotonic()
    taken = _take(job, waiting, fitting)
    number = max([attempt.number, *(claimed.attempt for _, claimed in taken)])
    try:
        yield Together([job, *(other for other, _ in taken)], number)
    except (Exception, Interrupt) as error:
        for other, claimed in taken:
            with logs.context(key=other.key, attempt=claimed.attempt):
                actors.settle_failure(actors.REGISTRY[job.actor_name], other, claimed, error, started)
        raise
    if taken:
        resources.finisher().record([claimed for _, claimed in taken])
    for other, _ in taken:
        log.info("job_finished", outcome="joined", job=other.actor_name, key=other.key)


def wanted(job: jobs.SendAdminNotice) -> dict[str, Any]:
    """Return what the claim of a notice is asked for: how many others that wait for its chat it reads."""
    return {"chat_id": job.chat_id, "ahead_seconds": AHEAD_SECONDS, "page": PAGE, "limit": MOST - 1}


def _take(
    job: jobs.SendAdminNotice,
    found: Sequence[str],
    fitting: Callable[[Sequence[jobs.SendAdminNotice]], int],
) -> Joined:
    if not found:
        return []
    waiting = [actors.decode(jobs.SendAdminNotice, json.loads(args)) for args in found]
    chosen = waiting[: max(fitting([job, *waiting]) - 1, 0)]
    taken: Joined = []
    for claimed in _claim([other.key for other in chosen]):
        resources.lease_renewer().hold(claimed, job.lease_seconds)
        taken.append((actors.decode(jobs.SendAdminNotice, claimed.args or {}), claimed))
    log.info("notices_joined", chat_id=job.chat_id, keys=[claimed.key for _, claimed in taken])
    if len(found) == MOST - 1 or len(taken) < len(found):
        _space(job)
    return taken


def _space(job: jobs.SendAdminNotice) -> None:
    """Spread the notices that did not fit over the chat's next messages; the rescuer adds half a second.

    One page of them is moved at a time, however many wait. The page advances with every message.
    """
    turn = rate_limit_scripts.CHAT_SECONDS
    if job.chat_id < 0:
        turn = rate_limit_scripts.GROUP_SECONDS / rate_limit_scripts.GROUP_MESSAGES
    resources.db().run(
        "space_waiting_notices",
        chat_id=job.chat_id,
        seconds=turn - Rescuer.period_seconds / 2,
        together=MOST,
        page=PAGE,
        longest=LONGEST_SECONDS,
    )


def delay_seconds(tx: Transaction, notice: jobs.SendAdminNotice) -> float:
    """Return the delay of a new notice: behind others it waits to be sent with one of them."""
    last = tx.value("get_notice_delay", chat_id=notice.chat_id)
    return 0.0 if last is None else min(max(last, AHEAD_SECONDS), LONGEST_SECONDS)


def _claim(keys: list[str]) -> list[Claim]:
    """Claim the jobs that are still free. Each claim has its own `worker` id."""
    if not keys:
        return []
    workers = [uuid.uuid4().hex for _ in keys]
    rows = resources.db().many("join_jobs", keys=keys, workers=workers, lease_seconds=ledger.LEASE_SECONDS)
    rows.sort(key=lambda row: keys.index(row["key"]))
    return [
        Claim(
            "claimed",
            row["key"],
            row["worker"],
            row["attempts"],
            row["max_attempts"],
            json.loads(row["args"]),
            lease_seconds=ledger.LEASE_SECONDS,
        )
        for row in rows
    ]
