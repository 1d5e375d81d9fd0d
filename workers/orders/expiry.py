"""Ends expired orders: unpaid ones are cancelled, paid ones are completed after their days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from socialboost import jobs
from socialboost.db import Transaction
from socialboost.kinds import PaymentNoticeKind
from workers.engine import outbox, resources
from workers.engine.actors import Attempt, actor
from workers.orders import closing

BATCH: Final = 100


@actor(jobs.SweepOrders)
def sweep_orders(job: jobs.SweepOrders, attempt: Attempt) -> None:  # noqa: ARG001 (guarded transitions)
    """Cancel orders that were not paid in time, tell their buyers, and complete those past their days."""
    while _expire_batch() == BATCH:
        pass
    while resources.db().value("complete_orders", limit=BATCH) == BATCH:
        pass


def _expire_batch() -> int:
    with resources.db().transaction() as tx:
        expired = tx.many("expire_orders", limit=BATCH)
        linkless, told = _linkless(tx, expired), _told_before(tx, expired)
        for order in expired:
            kind: PaymentNoticeKind = "no_invoice" if order["order_id"] in linkless else "order_expired"
            key = f"notice:{kind}:{order['order_id']}"
            notice = jobs.SendPaymentNotice(key=key, order_id=order["order_id"], kind=kind)
            outbox.add(tx, notice, told_before=order["order_id"] in told)
        if expired:
            closing.follow(tx, [order["order_id"] for order in expired])
    return len(expired)


def _linkless(tx: Transaction, expired: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return those of the orders whose buyer asked for a link that could not be made in time."""
    keys = [f"invoice:{order['order_id']}:{order['telegram_id']}" for order in expired]
    order_ids = [order["order_id"] for order in expired]
    return {row["order_id"] for row in tx.many("get_linkless_orders", order_ids=order_ids, keys=keys)}


def _told_before(tx: Transaction, expired: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return those of the orders whose hour ended before the database was restored from a copy."""
    order_ids = [order["order_id"] for order in expired]
    return {row["order_id"] for row in tx.many("get_orders_told_before", order_ids=order_ids)}
