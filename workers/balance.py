"""A package paid from what the shop owes its buyer."""

from __future__ import annotations

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.db.rows.orders import GetOrder
from socialboost.screens import orders as screens
from workers import cache, orders, outbox, people, replies, runtime
from workers.base import Attempt, actor

log = logs.get(__name__)


@actor(jobs.PayFromBalance)
def pay_from_balance(job: jobs.PayFromBalance, attempt: Attempt) -> None:  # noqa: ARG001 (guarded transition)
    """Pay and activate in one step, owing the receipt; a second tap finds the order paid."""
    person = people.known(job)
    if person is None:
        return
    order = orders.find(job)
    with runtime.db().transaction() as tx:
        result = tx.value("pay_from_balance", telegram_id=job.telegram_id, order_id=job.order_id)
        if order is not None and result["outcome"] == "activated":
            cache.forget_user(tx, job.telegram_id)
            _owe_words(tx, job, order)
            orders.end(tx, job, job.order_id)
    log.info("balance_payment", order_id=job.order_id, outcome=result["outcome"])
    if order is not None and result["outcome"] == "insufficient":
        short = screens.balance_short({**order, "balance": result["balance"]}, person.language)
        with replies.acknowledged(job):
            orders.show_offer(job, job.order_id, short)
    else:
        with replies.acknowledged(job):
            orders.show(job, orders.find(job), person)


def _owe_words(tx: Transaction, job: jobs.PayFromBalance, order: GetOrder) -> None:
    order_id = order["order_id"]
    data = {
        "package_name": order["package_name"],
        "amount": str(order["amount"]),
        "asset": "USDT",
        "telegram_id": str(job.telegram_id),
        "order_id": order_id,
        "provider": "balance",
    }
    outbox.owe(tx, jobs.SendReceipt(key=f"receipt:{order_id}", order_id=order_id))
    outbox.owe(tx, jobs.NotifyAdmins(key=f"notice:order_paid:{order_id}", kind="order_paid", data=data))
