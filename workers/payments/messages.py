"""Messages to buyers about money: a payment that waits, an order that ended unpaid, a decision.

A message is sent at least once and repeated at most once (workers/telegram/repeats.py). It passes the
rate limiter as answers do (docs/adr/0007).
"""

from __future__ import annotations

from typing import Final

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.errors import ParkError
from socialboost.kinds import DECISION_NOTICE_KINDS, DecisionNoticeKind, PaymentNoticeKind
from socialboost.screens import texts
from socialboost.screens.admin import payments
from socialboost.screens.buyer import orders
from workers.engine import outbox, resources
from workers.engine.actors import Attempt, actor
from workers.telegram import answers, repeats

_UNPAID: Final[frozenset[PaymentNoticeKind]] = frozenset({"order_expired", "no_invoice"})
"""Kinds of notices that say that an order's hour was over."""

log = logs.get(__name__)


@actor(jobs.SendPaymentNotice)
def send_payment_notice(job: jobs.SendPaymentNotice, attempt: Attempt) -> None:
    """Tell the buyer about money that waits for a decision, or about an order that ended unpaid."""
    order = resources.db().one("get_notice_order", order_id=job.order_id)
    if order is None:
        raise ParkError("no such order")
    if job.kind in _UNPAID and order["status"] != "cancelled":  # its money came while this waited
        log.info("notice_not_needed", order_id=job.order_id, kind=job.kind, status=order["status"])
        return
    language = texts.language(order["language"])
    told = {**order, "after_cancel": job.after_cancel, "received": job.received, "asset": job.asset}
    with repeats.allowed(attempt.number, order["telegram_id"]):
        answers.send(order["telegram_id"], orders.payment_notice(job.kind, told, language))


def add_decision_notice(
    tx: Transaction, payment_id: str, kind: DecisionNoticeKind, *, told_before: bool = False
) -> None:
    """Add the message to the payment's owner about the decision."""
    key = f"decision:{payment_id}:{kind}"
    notice = jobs.SendDecisionNotice(key=key, payment_id=payment_id, kind=kind)
    outbox.add(tx, notice, told_before=told_before)


@actor(jobs.SendDecisionNotice)
def send_decision_notice(job: jobs.SendDecisionNotice, attempt: Attempt) -> None:
    """Tell the payment's owner the decision. The message is sent at least once and repeated at most once."""
    row = resources.db().one("get_payment", payment_id=job.payment_id)
    if row is None or row["telegram_id"] is None or job.kind not in DECISION_NOTICE_KINDS:
        raise ParkError("nobody to tell, or nothing to say")
    language = texts.language(row["language"])
    with repeats.allowed(attempt.number, row["telegram_id"]):
        answers.send(row["telegram_id"], payments.decision_notice(job.kind, row, language))
