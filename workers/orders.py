"""Orders before the money: opened, shown, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialboost import jobs
from socialboost.screens import menu, orders, packages
from socialboost.screens.core import Screen
from workers import cache, people, replies, runtime
from workers.base import Attempt, actor


@actor(jobs.OpenOrder)
def open_order(job: jobs.OpenOrder, attempt: Attempt) -> None:  # noqa: ARG001 (finds the order it opened)
    """Open the person's order of this package, or find the one that waits for payment, and show its card."""
    person = people.known(job)
    if person is None:
        return
    order = runtime.db().value("create_order", telegram_id=job.telegram_id, package_slug=job.slug)
    if order.get("is_new") or not order["success"]:
        cache.forget(cache.user_key(job.telegram_id))
    if order.get("error") == "user_not_found":  # a restored backup, and the cache remembers
        screen = menu.start_first(person.language)
    elif order["success"]:
        card = {**order, "balance": person.figures.get("balance")}
        screen = orders.order_card(card, person.language, runtime.settings().timezone)
    else:
        screen = packages.package_gone(person.language)
    replies.reply(job, screen)


@actor(jobs.CancelOrder)
def cancel_order(job: jobs.CancelOrder, attempt: Attempt) -> None:  # noqa: ARG001 (guarded transition)
    """Cancel the person's pending order; a foreign one is as unknown as one that never was."""
    person = people.known(job)
    if person is None:
        return
    runtime.db().value("cancel_order", telegram_id=job.telegram_id, order_id=job.order_id)
    order = find(job)
    if order is not None and order["status"] == "cancelled":
        replies.reply(job, orders.order_cancelled(order, person.language))
    else:
        replies.reply(job, as_it_stands(order, person.language))


def find(job: jobs.CancelOrder | jobs.CreateInvoice | jobs.PayFromBalance) -> dict[str, Any] | None:
    """Return get_order's row of this person's order; None for a foreign or unknown one alike."""
    return runtime.db().one("get_order", telegram_id=job.telegram_id, order_id=job.order_id)


def as_it_stands(order: Mapping[str, Any] | None, language: str) -> Screen:
    """Return the screen that shows where an order is now."""
    zone = runtime.settings().timezone
    if order is None:
        return orders.order_not_found(language)
    if order["status"] != "pending":
        return orders.order_closed(order, language)
    if order["pay_url"]:
        return orders.pay_link(order, language, zone)
    return orders.order_card(order, language, zone)
