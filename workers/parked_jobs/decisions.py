"""An admin's decision about a parked job or a dead letter: replay or discard.

Discarding a job also gives up its purpose, in the same transaction, so that no order or task waits for it for
ever. A payment cannot be given up that way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dramatiq import DecodeError
from dramatiq.message import Message

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.errors import ParkError, ServiceError
from socialboost.jobs import sending
from socialboost.kinds import SettlementOutcome
from workers.engine import actors, cache, deciding, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.notices import owed
from workers.parked_jobs import lookup, screens
from workers.payments import refunds
from workers.people import access
from workers.telegram import answers

_ABANDONED: Final = "not_handed_over"
"""The reason that the post's owner gets."""
Hook = Callable[[Transaction, Mapping[str, Any]], object]
"""Gives up the purpose of a discarded job, in the same transaction. It gets the job's arguments."""
Way = Callable[[Transaction], SettlementOutcome]
"""Applies the decision in its transaction and returns the outcome."""

log = logs.get(__name__)


@actor(jobs.SettleParkedJob, right="parked_jobs", on_duplicate=deciding.value)
def settle_parked_job(job: jobs.SettleParkedJob, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (once)
    """Replay or discard the job. The second of two admins learns that it was already decided."""
    language = access.language(job)
    if job.action not in callbacks.SETTLEMENTS:
        raise ParkError("no such settlement")
    if job.action == "discard" and not job.seen:
        answers.reply(job, screens.question(job.ref, language))
        return deciding.ASKED
    value = deciding.value(job)
    if value is None:
        settle = _way(job)
        value = deciding.decide(
            job,
            lambda tx: {"outcome": settle(tx)},
            lambda value: deciding.sight(job, "job", job.ref, str(value["outcome"])),
        )
    log.info("parked_job_settled", ref=job.ref, action=job.action, **value)
    return value


def _way(job: jobs.SettleParkedJob) -> Way:
    """Return the function for the decision's transaction. Other services are asked here, before it."""
    found = lookup.find(job.ref)
    if found is None:
        return lambda _: "gone"
    if job.action == "discard" and found["actor"] in lookup.MONEY:
        return lambda _: "money"
    if job.ref.startswith(callbacks.LETTER_PREFIX):
        return _letter_way(job, found)
    if not lookup.is_readable(found):
        return (lambda _: "unreadable") if job.action == "replay" else (lambda tx: _settle(tx, job, _nothing))
    if job.action == "discard" and found["actor"] == jobs.SendRefund.actor_name:
        return _refund_way(job, found)
    return lambda tx: _settle(tx, job)


def _settle(tx: Transaction, job: jobs.SettleParkedJob, hook: Hook | None = None) -> SettlementOutcome:
    """Apply the decision to a parked job and to everything that depends on it."""
    settled = tx.value(
        "settle_parked_job",
        ref=job.ref,
        action=job.action,
        admin=deciding.actor_id(job),
        seen=job.seen or None,
        origin=job.origin,
    )
    if settled is None:
        return "gone"
    if "changed" in settled:
        return "changed_meanwhile"
    if job.action == "replay":
        outbox.resume(tx, settled["actor"], settled["queue"], settled["args"])
        return "replayed"
    give_up = hook or _GIVE_UP.get(settled["actor"])
    if give_up is not None:
        give_up(tx, settled["args"])
    return "discarded"


def _abandon_task(tx: Transaction, args: Mapping[str, Any]) -> None:
    """Fail the task, give its post's quota back and tell its owner."""
    result = tx.value("abandon_task", task_id=args["task_id"], reason=_ABANDONED)
    if result["ended"]:
        post_id = result["post_id"]
        owner = tx.one("get_post_result", post_id=post_id)
        cache.forget_user(tx, owner["telegram_id"] if owner else None)
        outbox.add(tx, jobs.NotifyPost(key=f"post:{post_id}:failed", post_id=post_id))


_GIVE_UP: Final[Mapping[str, Hook]] = {
    jobs.DispatchTasks.actor_name: _abandon_task,
    jobs.AskMainBot.actor_name: _abandon_task,
    jobs.SendAdminNotice.actor_name: owed.give_up,
}
"""What is given up with a discarded job, by actor."""


def _nothing(_: Transaction, __: Mapping[str, Any]) -> None:
    """Do nothing besides discarding: the job is unreadable, so its purpose is unknown."""


def _refund_way(job: jobs.SettleParkedJob, found: Mapping[str, Any]) -> Way:
    """Discard only if Crypto Pay says that nothing was sent, because the money may be paid another way."""
    refund = resources.db().one("get_refund", refund_id=found["args"]["refund_id"])
    if refund is None:
        return lambda tx: _settle(tx, job)
    try:
        sent = refunds.find_transfer(refund)
    except (ServiceError, ParkError) as error:
        log.warning("refund_not_looked_up", refund_id=refund["refund_id"], error=str(error))
        return lambda _: "refund_unknown"

    def settle(tx: Transaction) -> SettlementOutcome:
        if sent is None:
            return _settle(tx, job, lambda tx, _: refunds.settle_refused(tx, refund, "discarded"))
        outcome = _settle(tx, job, lambda tx, _: refunds.settle_sent(tx, refund, sent))
        return "refund_sent" if outcome == "discarded" else outcome

    return settle


def _letter_way(job: jobs.SettleParkedJob, letter: Mapping[str, Any]) -> Way:
    """Apply the decision to a dead letter. A replay is queued before the letter is marked, not after."""
    refusal = _requeue(letter["body"]) if job.action == "replay" else None
    if refusal is not None:
        return lambda _: refusal
    state: SettlementOutcome = "replayed" if job.action == "replay" else "discarded"
    who = {"letter_id": letter["letter_id"], "admin": deciding.actor_id(job)}
    return lambda tx: state if tx.run("settle_dead_letter", state=state, **who) else "gone"


def _requeue(body: bytes) -> SettlementOutcome | None:
    """Queue the letter's job again as a new message. Returns why not."""
    try:
        message: Message[Any] = Message.decode(bytes(body))
    except DecodeError:
        return "unreadable"
    kwargs: object = message.kwargs
    declared = actors.REGISTRY.get(str(message.actor_name))
    if not isinstance(kwargs, dict):
        return "unreadable"
    if declared is None:
        return "unknown_actor"
    # A fresh id: under its old one a letter that dies again would count as known and be lost.
    sending.wake(declared.contract.actor_name, declared.contract.queue, kwargs)
    return None
