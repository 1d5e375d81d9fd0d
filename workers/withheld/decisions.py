"""Decisions about withheld messages, which may have been sent before a restore: send or discard.

`python -m socialboost restored` records the moment (settings.restored_at) and withholds the messages in the
copy's outbox. Facts found later about the time before it (payments at Crypto Pay, expired orders, refunds and
ended posts) are recorded as usual; only their messages are added as `withheld` (outbox.add, told_before).
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
    """Send or discard, if nothing has changed since the admin saw it. A second admin sees the new state."""
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
    """Change the messages' state. The rescuer sends the due ones, a limited number in each round."""
    settled: deciding.Value = tx.value(
        "settle_withheld",
        ref=job.ref,
        action=job.action,
        admin=deciding.actor_id(job),
        seen=job.seen,
        origin=job.origin,
    )
    return settled
