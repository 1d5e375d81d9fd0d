"""Decisions about withheld messages, which may have been sent before a restore: send or discard.

`python -m socialboost restored` notes the moment (settings.restored_at) and holds back what the copy owed.
What is found later about the time before it (payments at Crypto Pay, orders whose hour was over, refunds and
posts that had ended) moves all the same; only its message is owed as `withheld` (outbox.add, told_before).
"""

from __future__ import annotations

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.errors import ParkError
from workers.engine import deciding
from workers.engine.actors import Attempt, actor
from workers.people import access
from workers.telegram import answers
from workers.withheld import screens

log = logs.get(__name__)


@actor(jobs.SettleWithheld, right="withheld", on_duplicate=deciding.value)
def settle_withheld(job: jobs.SettleWithheld, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (once)
    """Send or discard, if all is as the admin saw it. The second of two admins sees how it is now."""
    language = access.language(job)
    if job.action not in callbacks.WITHHELD_ACTIONS:
        raise ParkError("no such decision")
    if not job.seen:
        answers.reply(job, screens.question(job.ref, job.action, language))
        return deciding.ASKED
    value = deciding.decide(
        job,
        lambda tx: _settle(tx, job),
        lambda value: deciding.sight(job, "withheld", job.ref, str(value["outcome"])),
    )
    log.info("withheld_settled", ref=job.ref, action=job.action, **value)
    return value


def _settle(tx: Transaction, job: jobs.SettleWithheld) -> deciding.Value:
    """Change their state. The rescuer sends what is due, as many in a round as it may."""
    settled: deciding.Value = tx.value(
        "settle_withheld",
        ref=job.ref,
        action=job.action,
        admin=deciding.actor_id(job),
        seen=job.seen,
        origin=job.origin,
    )
    return settled
