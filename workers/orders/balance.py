"""Pays an order from its buyer's balance."""

from __future__ import annotations

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.db.rows.orders import GetOrder
from socialboost.screens.buyer import orders as screens
from workers.engine import cache, outbox, resources
from workers.engine.actors import Attempt, actor
from workers.orders import checkout
from workers.people import current
from workers.telegram import answers

log = logs.get(__name__)


@actor(jobs.PayFromBalance)
def pay_from_balance(job: jobs.PayFromBalance, attempt: Attempt) -> None:  # noqa: ARG001 (guarded transition)
    """Pay and activate the order in one step, and add the receipt. A second tap finds the order paid."""
    person = current.known(job)
    if person is None:
        return
    order = checkout.find(job)
    with resources.db().transaction() as tx:
        result = tx.value("pay_from_balance", telegram_id=job.telegram_id, order_id=job.order_id)
        if order is not None and result["outcome"] == "activated":
            cache.forget_user(tx, job.telegram_id)
            _add_messages(tx, job, order)
            checkout.end(tx, job, job.order_id)
    log.info("balance_payment", order_id=job.order_id, outcome=result["outcome"])
    if order is not None and result["outcome"] == "insufficient":
        short = screens.balance_short({**order, "balance": result["balance"]}, person.language)
        with answers.acknowledged(job):
            checkout.show_offer(job, job.order_id, short)
    else:
        with answers.acknowledged(job):
            checkout.show(job, checkout.find(job), person)


def _add_messages(tx: Transaction, job: jobs.PayFromBalance, order: GetOrder) -> None:
    order_id = order["order_id"]
    data = {
        "package_name": order["package_name"],
        "amount": str(order["amount"]),
        "asset": "USDT",
        "telegram_id": str(job.telegram_id),
        "order_id": order_id,
        "provider": "balance",
    }
    outbox.add(tx, jobs.SendReceipt(key=f"receipt:{order_id}", order_id=order_id))
    notice = jobs.NotifyAdmins(key=f"notice:order_paid:{order_id}", kind="order_paid", data=data)
    outbox.notify_admins(tx, notice)
