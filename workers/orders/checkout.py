"""Orders before payment: opening, showing and cancelling them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialboost import jobs
from socialboost.db import Transaction
from socialboost.db.rows.orders import GetOrder
from socialboost.screens.buyer import menu, orders, packages
from socialboost.screens.core import Screen
from workers.engine import cache, resources
from workers.engine.actors import Attempt, actor
from workers.orders import closing
from workers.people import current
from workers.people.current import Person
from workers.telegram import answers, order_cards

OrderTap = jobs.CancelOrder | jobs.CreateInvoice | jobs.PayFromBalance


@actor(jobs.OpenOrder)
def open_order(job: jobs.OpenOrder, attempt: Attempt) -> None:  # noqa: ARG001 (finds the order it opened)
    """Open the person's order of this package, or find the one that waits for payment, and show its card."""
    person = current.known(job)
    if person is None:
        return
    with resources.db().transaction() as tx:
        order = tx.value("create_order", telegram_id=job.telegram_id, package_slug=job.slug)
        if order.get("ended_order_id"):
            closing.follow(tx, [order["ended_order_id"]])
        if order["success"] and job.message_id is not None:
            order_cards.remember(tx, job, order["order_id"], job.message_id)
    if order.get("is_new") or not order["success"]:
        cache.forget(cache.user_key(job.telegram_id))
    if order["success"]:
        card = {**order, "balance": person.figures.get("balance")}
        with answers.replying(job):
            show_offer(job, order["order_id"], _card(card, person), remembered=job.message_id)
    elif order["error"] == "user_not_found":  # a restored backup, and the cache remembers
        answers.reply(job, menu.start_first(person.language))
    else:
        answers.reply(job, packages.package_gone(person.language))


@actor(jobs.CancelOrder)
def cancel_order(job: jobs.CancelOrder, attempt: Attempt) -> None:  # noqa: ARG001 (guarded transition)
    """Cancel the person's pending order. Another person's order is treated as unknown."""
    person = current.known(job)
    if person is None:
        return
    with resources.db().transaction() as tx:
        cancelled = tx.value("cancel_order", telegram_id=job.telegram_id, order_id=job.order_id)
        if cancelled["success"]:
            end(tx, job, job.order_id)
    order = find(job)
    if order is not None and order["status"] == "cancelled":
        answers.reply(job, orders.order_cancelled(order, person.language))
    else:
        with answers.replying(job):
            show(job, order, person)


def find(job: OrderTap) -> GetOrder | None:
    """Return get_order's row of this person's order, or None if it is unknown or another person's."""
    return resources.db().one("get_order", telegram_id=job.telegram_id, order_id=job.order_id)


def end(tx: Transaction, tap: OrderTap, order_id: str) -> None:
    """Add the jobs that follow from the order's end. The tapped message needs none: the answer redraws it."""
    if tap.message_id is not None:
        order_cards.forget(tx, tap, tap.message_id)
    closing.follow(tx, [order_id])


def show(tap: OrderTap, order: GetOrder | None, person: Person, *, remembered: int | None = None) -> None:
    """Show the order as it is now. `remembered` is the message recorded in PostgreSQL as offering it."""
    if order is None:
        answers.show(tap, orders.order_not_found(person.language))
    elif order["status"] != "pending":
        answers.show(tap, orders.order_closed(order, person.language))
    else:
        zone = resources.settings().timezone
        link = orders.pay_link(order, person.language, zone) if order["pay_url"] else _card(order, person)
        show_offer(tap, order["order_id"], link, remembered=remembered)


def show_offer(tap: jobs.Tap, order_id: str, screen: Screen, *, remembered: int | None = None) -> None:
    """Show a screen from which the order can be paid or cancelled, and record which message has it."""
    shown = answers.show(tap, screen, offers=order_id)
    if shown == remembered:
        return
    if remembered is not None:
        order_cards.forget(resources.db(), tap, remembered)
    if shown:
        order_cards.remember(resources.db(), tap, order_id, shown)


def _card(order: Mapping[str, Any], person: Person) -> Screen:
    running = person.figures["current_package"]
    return orders.order_card(order, person.language, resources.settings().timezone, running)
