"""An admin's decision about a payment: taken once, with its consequences in the same transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.db.answers import PaymentResolved
from socialboost.errors import ParkError
from socialboost.kinds import DecisionNoticeKind
from socialboost.screens.admin import payments
from workers.engine import cache, deciding, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.payments import messages, screens
from workers.people import access
from workers.telegram import answers

_TELEGRAM_ID: Final = re.compile(r"[1-9][0-9]{0,15}")
_CLOSING: Final[Mapping[str, DecisionNoticeKind]] = {
    "credit": "credited",
    "dismiss": "dismissed",
    "refund": "refunded",
}
"""The messages to the owner after decisions that move the money. A transfer has its own message."""

log = logs.get(__name__)


@actor(jobs.ResolvePayment, right="payments", on_duplicate=deciding.value)
def resolve_payment(job: jobs.ResolvePayment, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (once)
    """Decide, if the payment is in the state that the admin saw. A second admin sees the new state."""
    language = access.language(job)
    if job.action not in callbacks.DECISIONS:
        raise ParkError("no such decision")
    if not job.seen:
        answers.reply(job, screens.question(job.payment_id, job.action, language))
        return deciding.ASKED
    value = deciding.decide(
        job,
        lambda tx: _resolve(tx, job),
        lambda value: deciding.sight(job, "payment", job.payment_id, str(value.get("error", ""))),
    )
    log.info("payment_decided", payment_id=job.payment_id, action=job.action, **value)
    return value


def _resolve(tx: Transaction, job: jobs.ResolvePayment) -> deciding.Value:
    result = tx.value(
        "resolve_payment",
        payment_id=job.payment_id,
        action=job.action,
        admin=deciding.actor_id(job),
        seen=job.seen,
        origin=job.origin,
    )
    if not result["success"]:
        refused = deciding.outcome(result)
        return {**refused, "state": result["state"], "resolution": result["resolution"]}
    cache.forget_user(tx, result["telegram_id"])
    _add_consequences(tx, result)
    return {**deciding.outcome(result), "order_id": result["order_id"], "refund_id": result["refund_id"]}


def _add_consequences(tx: Transaction, result: PaymentResolved) -> None:
    """Add the receipt, the transfer or the message that follows from this decision."""
    if result["action"] == "activate":
        order_id = result["order_id"]
        outbox.add(tx, jobs.SendReceipt(key=f"receipt:{order_id}", order_id=order_id))
    elif result["action"] == "refund" and not result["refunded"]:
        refund_id, number = result["refund_id"], result["refund_round"]
        outbox.add(tx, jobs.SendRefund(key=f"refund:{refund_id}:{number}", refund_id=refund_id))
    elif result["telegram_id"] is not None:
        messages.add_decision_notice(tx, result["payment_id"], _CLOSING[result["action"]])


@actor(jobs.NamePaymentOwner, right="payments", on_duplicate=deciding.value)
def name_payment_owner(job: jobs.NamePaymentOwner, attempt: Attempt) -> deciding.Value:  # noqa: ARG001 (sets)
    """Record the payment's owner. An invalid answer leaves the dialogue open."""
    language = access.language(job)
    value = deciding.decide(job, lambda tx: _name(tx, job))
    error = str(value.get("error", ""))
    row = resources.db().one("get_payment", payment_id=job.payment_id)
    if row is not None and error in {"not_an_id", "no_such_person"}:
        answers.reply(job, payments.ask_owner(row, language, error=error))
        return value
    answers.end_dialogue(job, job.dialogue)
    answers.reply(job, screens.card(job.payment_id, language, error))
    return value


def _name(tx: Transaction, job: jobs.NamePaymentOwner) -> deciding.Value:
    if not _TELEGRAM_ID.fullmatch(job.text.strip()):
        return {"outcome": "refused", "error": "not_an_id"}
    answer = tx.value(
        "name_payment_owner",
        payment_id=job.payment_id,
        telegram_id=int(job.text.strip()),
        admin=deciding.actor_id(job),
        seen=job.seen or None,
        origin=job.origin,
    )
    return deciding.outcome(answer)
