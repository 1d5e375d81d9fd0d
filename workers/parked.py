"""Parked jobs and dead letters: an admin looks, then replays or discards; nothing leaves the list unseen.

Discarding a job gives up what it was for, in the same transaction, so that nobody waits for it for ever. A
payment cannot be given up that way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from dramatiq import DecodeError
from dramatiq.message import Message

from socialboost import callbacks, jobs, logs, sending
from socialboost.db import Transaction
from socialboost.errors import ParkError, ServiceError
from socialboost.screens import parked as screens
from workers import admins, base, cache, outbox, refunds, replies, runtime
from workers.base import Attempt, actor

MONEY: Final = frozenset({jobs.ActivateOrder.actor_name})
"""Jobs behind which somebody's payment stands: they are replayed, never discarded."""
_ABANDONED: Final = "not_handed_over"
"""The reason that the post's owner is given."""

log = logs.get(__name__)


@actor(jobs.ShowParkedJobs)
def show_parked_jobs(job: jobs.ShowParkedJobs) -> None:
    """Show a page of both, newest first."""
    language = admins.language(job)
    if language is None:
        return
    page = max(job.page, 0)
    # One more of each says that there is another page.
    window = {"limit": screens.ENTRIES + 1, "offset": page * screens.ENTRIES}
    parked = runtime.db().many("get_parked_jobs", **window)
    letters = runtime.db().many("get_dead_letters", **window)
    replies.reply(job, screens.parked_jobs(parked, letters, page, language))


@actor(jobs.ShowParkedJob)
def show_parked_job(job: jobs.ShowParkedJob) -> None:
    """Show one of them."""
    language = admins.language(job)
    if language is None:
        return
    found = _find(job.ref)
    if found is None:
        replies.reply(job, screens.outcome("gone", language))
        return
    zone, discardable = runtime.settings().timezone, found["actor"] not in MONEY
    replies.reply(job, screens.parked_job(found, job.ref, language, zone, discardable=discardable))


@actor(jobs.SettleParkedJob)
def settle_parked_job(job: jobs.SettleParkedJob, attempt: Attempt) -> None:  # noqa: ARG001 (settled once)
    """Replay or discard; of two admins the second learns that it was settled."""
    language = admins.language(job)
    if language is None:
        return
    if job.action not in callbacks.SETTLEMENTS:
        raise ParkError("no such settlement")
    found = _find(job.ref)
    if found is None:
        outcome = "gone"
    elif job.action == "discard" and found["actor"] in MONEY:
        outcome = "money"
    elif job.ref.startswith(callbacks.LETTER_PREFIX):
        outcome = _settle_letter(job, found)
    elif job.action == "discard" and found["actor"] == jobs.SendRefund.actor_name:
        outcome = _discard_refund(job, found)
    else:
        outcome = _settle(job)
    log.info("parked_job_settled", ref=job.ref, action=job.action, outcome=outcome)
    replies.reply(job, screens.outcome(outcome, language))


def _find(ref: str) -> dict[str, Any] | None:
    letter_id = callbacks.order_id(callbacks.LETTER_PREFIX, ref)
    if letter_id is not None:
        letter = runtime.db().one("get_dead_letter", letter_id=letter_id)
        return None if letter is None else {**letter, "key": _read(letter["body"]).get("key")}
    return runtime.db().one("get_parked_job", ref=ref)


def _settle(
    job: jobs.SettleParkedJob, hook: Callable[[Transaction, Mapping[str, Any]], object] | None = None
) -> str:
    """Settle a parked job and what hangs on it."""
    with runtime.db().transaction() as tx:
        settled = tx.value("settle_parked_job", ref=job.ref, action=job.action, admin=job.telegram_id)
        if settled is None:
            return "gone"
        if job.action == "replay":
            outbox.resume(tx, settled["actor"], settled["queue"], settled["args"])
            return "replayed"
        give_up = hook or _GIVE_UP.get(settled["actor"])
        if give_up is not None:
            give_up(tx, settled["args"])
    return "discarded"


def _abandon_task(tx: Transaction, args: Mapping[str, Any]) -> None:
    """The task fails, its post gives the quota back, its owner is told."""
    result = tx.value("abandon_task", task_id=args["task_id"], reason=_ABANDONED)
    if result["ended"]:
        post_id = result["post_id"]
        owner = tx.one("get_post_result", post_id=post_id)
        cache.forget_user(tx, owner["telegram_id"] if owner else None)
        outbox.owe(tx, jobs.NotifyPost(key=f"post:{post_id}:failed", post_id=post_id))


_GIVE_UP: Final[Mapping[str, Callable[[Transaction, Mapping[str, Any]], object]]] = {
    jobs.DispatchTasks.actor_name: _abandon_task,
    jobs.AskMainBot.actor_name: _abandon_task,
}
"""What discarding a job means for what it was to do."""


def _discard_refund(job: jobs.SettleParkedJob, found: Mapping[str, Any]) -> str:
    """Discard only once Crypto Pay has said that nothing was sent: the next decision may pay another way."""
    refund = runtime.db().one("get_refund", refund_id=found["args"]["refund_id"])
    if refund is None:
        return _settle(job)
    try:
        sent = refunds.find_transfer(refund)
    except (ServiceError, ParkError) as error:
        log.warning("refund_not_looked_up", refund_id=refund["refund_id"], error=str(error))
        return "refund_unknown"
    if sent is None:
        return _settle(job, lambda tx, _: refunds.settle_refused(tx, refund, "discarded"))
    outcome = _settle(job, lambda tx, _: refunds.settle_sent(tx, refund, sent))
    return "refund_sent" if outcome == "discarded" else outcome


def _settle_letter(job: jobs.SettleParkedJob, letter: Mapping[str, Any]) -> str:
    """Settle a dead letter. A replay is queued first: marked first and lost then, nobody would know."""
    if job.action == "replay":
        refusal = _requeue(letter["body"])
        if refusal is not None:
            return refusal
    state = "replayed" if job.action == "replay" else "discarded"
    settled = runtime.db().run(
        "settle_dead_letter", letter_id=letter["letter_id"], state=state, admin=job.telegram_id
    )
    return state if settled else "gone"


def _requeue(body: bytes) -> str | None:
    """Queue the letter's job again, as a message of its own; return why not."""
    try:
        message: Message[Any] = Message.decode(bytes(body))
    except DecodeError:
        return "unreadable"
    kwargs: object = message.kwargs
    declared = base.REGISTRY.get(str(message.actor_name))
    if not isinstance(kwargs, dict):
        return "unreadable"
    if declared is None:
        return "unknown_actor"
    # A fresh id: under its old one a letter that dies again would count as known and be lost.
    sending.wake(declared.contract.actor_name, declared.contract.queue, kwargs)
    return None


def _read(body: bytes) -> dict[str, Any]:
    """Return a letter's arguments as far as they can be read."""
    try:
        value = json.loads(bytes(body))
    except ValueError:
        return {}
    kwargs = value.get("kwargs") if isinstance(value, dict) else None
    return kwargs if isinstance(kwargs, dict) else {}
