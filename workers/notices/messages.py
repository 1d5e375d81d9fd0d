"""Messages nobody tapped for: receipts, notices about money, finished posts, word to the admins.

A message is sent at least once and repeated at most once (contracts with max_attempts = 2): only when it is
unknown whether Telegram took it (workers/telegram/repeats.py). Somebody who cannot be reached is a known
outcome: the job is done. Receipts and notices about money pass the rate limiter as answers do; the others
are paced (docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from socialboost import jobs, logs
from socialboost.errors import DiscardError, MigratedError, ParkError, RejectedError
from socialboost.screens import notices, texts
from socialboost.screens.buyer import orders, posts
from socialboost.screens.core import Screen
from workers.engine import resources
from workers.engine.actors import Attempt, actor
from workers.notices import batching, owed
from workers.telegram import answers, repeats

_UNPAID: Final = frozenset({"order_expired", "no_invoice"})
"""Kinds of notices that say that an order's hour was over."""

log = logs.get(__name__)


@actor(jobs.SendReceipt)
def send_receipt(job: jobs.SendReceipt, attempt: Attempt) -> None:
    """Tell the buyer that the package is active, for as long as that is so."""
    order = resources.db().one("get_receipt", order_id=job.order_id)
    if order is None:
        raise ParkError("no receipt for an order that was not paid")
    if order["status"] == "refunded":  # while Telegram was away: what was decided has a notice of its own
        log.info("receipt_not_needed", order_id=job.order_id)
        return
    language = texts.language(order["language"])
    with repeats.allowed(attempt.number, order["telegram_id"]):
        answers.send(order["telegram_id"], orders.receipt(order, language, resources.settings().timezone))


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
    told = {**order, "after_cancel": job.after_cancel}
    with repeats.allowed(attempt.number, order["telegram_id"]):
        answers.send(order["telegram_id"], orders.payment_notice(job.kind, told, language))


@actor(jobs.NotifyPost)
def notify_post(job: jobs.NotifyPost, attempt: Attempt) -> None:
    """Tell the owner how the post ended."""
    post = resources.db().one("get_post_result", post_id=job.post_id)
    if post is None:
        raise ParkError("no such post")
    if not job.key.endswith(f":{post['status']}"):  # completed after it had failed: that end has its own job
        log.info("post_moved_on", post_id=job.post_id, status=post["status"])
        return
    language = texts.language(post["language"])
    screen = posts.post_completed if post["status"] == "completed" else posts.post_failed
    with repeats.allowed(attempt.number, post["telegram_id"]):
        answers.notify(post["telegram_id"], screen(post, language))


@actor(jobs.NotifyAdmins)
def notify_admins(job: jobs.NotifyAdmins, attempt: Attempt) -> None:  # noqa: ARG001
    """Owe the notice to every admin and to the channel, each on its own row."""
    with resources.db().transaction() as tx:
        owed.add(tx, job)


@actor(jobs.SendAdminNotice)
def send_admin_notice(job: jobs.SendAdminNotice, attempt: Attempt) -> None:
    """Send a notice to one admin, in their language, or to the channel, in the shop's.

    Those that wait for the same chat go with it in one message: a chat gets few a minute. A refusal settles
    the message, not the notice (workers/notices/owed.py).
    """
    private = job.chat_id > 0
    admin = resources.db().one("get_user", telegram_id=job.chat_id) if private else None
    language = texts.language(admin["language"] if admin else None)
    zone = resources.settings().timezone
    destination = owed.destination(job.chat_id)
    resources.rate_limiter().notice(destination)

    def fitting(waiting: Sequence[jobs.SendAdminNotice]) -> int:
        return notices.fitting(_events(waiting), language, zone)

    with batching.joined(job, attempt, fitting) as together:
        screen = notices.admin_notices(_events(together.notices), language, zone, private=private)
        with repeats.allowed(together.number, destination):
            _tell(job.chat_id, destination, screen)
    owed.told(together.notices, job.chat_id)


def _tell(chat_id: int, destination: int, screen: Screen) -> None:
    """Send it, following a chat that has moved, once. DiscardError: this chat does not get it."""
    try:
        try:
            refusal = answers.unreachable(destination, screen)
        except MigratedError as moved:
            owed.follow(chat_id, moved.chat_id)
            resources.rate_limiter().notice(moved.chat_id)
            refusal = answers.unreachable(moved.chat_id, screen)
    except RejectedError as error:
        refusal = error.code
    if refusal:
        log.error("admin_notice_refused", chat_id=chat_id, code=refusal)
        raise DiscardError(f"refused by Telegram: {refusal}")


def _events(told: Sequence[jobs.SendAdminNotice]) -> list[tuple[str, dict[str, Any]]]:
    return [(notice.kind, notice.data) for notice in told]
