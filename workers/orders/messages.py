"""Sends the receipt when a package becomes active.

A message is sent at least once and repeated at most once (workers/telegram/repeats.py). It passes the
rate limiter as answers do (docs/adr/0007).
"""

from __future__ import annotations

from typing import cast

from socialboost import jobs, logs
from socialboost.db.rows.orders import GetReceipt
from socialboost.errors import ParkError
from socialboost.screens import texts
from socialboost.screens.buyer import orders
from workers.engine import resources
from workers.engine.actors import Attempt, actor
from workers.telegram import answers, repeats

log = logs.get(__name__)


@actor(jobs.SendReceipt)
def send_receipt(job: jobs.SendReceipt, attempt: Attempt) -> None:
    """Tell the buyer that the package is active, unless the order was refunded meanwhile."""
    order = _found(attempt) or resources.db().one("get_receipt", order_id=job.order_id)
    if order is None:
        raise ParkError("no receipt for an order that was not paid")
    if order["status"] == "refunded":  # while Telegram was down: the decision has its own message
        log.info("receipt_not_needed", order_id=job.order_id)
        return
    language = texts.language(order["language"])
    with repeats.allowed(attempt.number, order["telegram_id"]):
        answers.send(order["telegram_id"], orders.receipt(order, language, resources.settings().timezone))


def _found(attempt: Attempt) -> GetReceipt | None:
    """Return the receipt's row as the activation read it, if the same process runs this job."""
    return cast("GetReceipt | None", attempt.found)
