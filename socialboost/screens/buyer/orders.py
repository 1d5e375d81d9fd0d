"""Screens of an order, from its card to its receipt or any other end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from socialboost.chat import callbacks
from socialboost.kinds import OrderStatus, PaymentNoticeKind
from socialboost.screens.buyer.menu import add_post_row, back, packages_row, waiting_lines
from socialboost.screens.buyer.packages import what_is_smaller
from socialboost.screens.buyer.posts import possible_at
from socialboost.screens.core import Button, Row, Screen
from socialboost.screens.texts import Html, Texts, crypto, decimal, instant, price, texts

CLOSED_STATUSES: Final[tuple[OrderStatus, ...]] = (
    "paid",
    "completed",
    "cancelled",
    "failed",
    "processing",
    "refunded",
)

_BUY_AGAIN: Final = frozenset({"invoice_failed", "order_expired", "no_invoice"})
_DONE: Final = frozenset({"paid", "processing"})


def _balance_rows(text: Texts, order: Mapping[str, Any]) -> tuple[Row, ...]:
    """Return the row that pays from the balance, if `balance` is known and enough."""
    if order.get("balance") is None or decimal(order["balance"]) < decimal(order["amount"]):
        return ()
    label = text.label("button-pay-balance", balance=price(order["balance"]))
    return ((Button(label, f"{callbacks.BALANCE_PREFIX}{order['order_id']}"),),)


def _cancel_row(text: Texts, order_id: str) -> Row:
    return (Button(text.label("button-cancel-order"), callbacks.CANCEL_PREFIX + order_id),)


def order_card(
    order: Mapping[str, Any], language: str, zone: tzinfo, running: Mapping[str, Any] | None = None
) -> Screen:
    """Show a pending order: its price, its deadline, and the buttons to pay or cancel.

    `order` has order_id, package_name, package_slug, posts_per_day, amount, currency, deadline_at
    (create_order's answer or get_order's row), and perhaps the person's balance. A dollar is one USDT here.
    `running` is the running package (get_user_stats' current_package). If it is bigger, the card asks for a
    confirmation.
    """
    text = texts(language)
    order_id, due = str(order["order_id"]), crypto(order["amount"])
    question = _smaller(text, order, running)
    body = text.html(
        "order-card",
        package=order["package_name"],
        price=price(order["amount"], order.get("currency") or "USD"),
        crypto=due,
        until=text.moment(order["deadline_at"], zone),
        order=order_id,
    )
    pay = text.label("button-pay-anyway" if question else "button-pay", crypto=due)
    keyboard = (
        (Button(pay, callbacks.PAY_PREFIX + order_id),),
        *_balance_rows(text, order),
        _cancel_row(text, order_id),
        back(text),
    )
    return Screen("\n\n".join((body, *question)), keyboard)


def _smaller(text: Texts, order: Mapping[str, Any], running: Mapping[str, Any] | None) -> tuple[Html, ...]:
    """Return the question whether to buy a package that is smaller than the running one."""
    if not running or running["slug"] == order["package_slug"]:
        return ()
    lines = what_is_smaller(text, {**order, "price": order["amount"]}, running)
    if not lines:
        return ()
    asked = text.html("order-smaller", package=running["name"])
    return (Html("\n".join((asked, *lines))), text.html("order-smaller-question", package=running["name"]))


def pay_link(order: Mapping[str, Any], language: str, zone: tzinfo) -> Screen:
    """Show the invoice's link, which is valid until the invoice or the order ends.

    `order` is get_order's row, with pay_url and invoice_expires_at of its invoice.
    """
    text = texts(language)
    order_id = str(order["order_id"])
    ends = [instant(order[name]) for name in ("deadline_at", "invoice_expires_at") if order.get(name)]
    body = text.html(
        "pay-link",
        package=order["package_name"],
        crypto=crypto(order["amount"]),
        until=text.moment(min(ends), zone),
    )
    keyboard = (
        (Button(text.label("button-pay-link"), url=order["pay_url"]),),
        *_balance_rows(text, order),
        _cancel_row(text, order_id),
        back(text),
    )
    return Screen(body, keyboard)


def invoice_busy(language: str) -> Screen:
    """Say that the invoice is being made by an earlier tap."""
    text = texts(language)
    return Screen(text.html("invoice-busy"), (back(text),))


def invoice_limit(next_at: datetime, language: str, zone: tzinfo) -> Screen:
    """Say that the person has too many unpaid invoices, and when this order will get its own invoice."""
    text = texts(language)
    return Screen(text.html("invoice-limit", at=possible_at(next_at, language, zone)), (back(text),))


def balance_short(order: Mapping[str, Any], language: str) -> Screen:
    """Say that the balance does not cover the order; `order` has order_id, amount and balance."""
    text = texts(language)
    order_id, due = str(order["order_id"]), crypto(order["amount"])
    body = text.html("balance-short", balance=price(order["balance"]), crypto=due)
    pay = (Button(text.label("button-pay", crypto=due), callbacks.PAY_PREFIX + order_id),)
    return Screen(body, (pay, _cancel_row(text, order_id), back(text)))


def order_cancelled(order: Mapping[str, Any], language: str) -> Screen:
    """Confirm that the person's order was cancelled; `order` has package_name."""
    text = texts(language)
    body = text.html("order-cancelled", package=order["package_name"])
    return Screen(body, (packages_row(text), back(text)))


def order_not_found(language: str) -> Screen:
    """Say that this person has no such order."""
    text = texts(language)
    return Screen(text.html("order-not-found"), (packages_row(text), back(text)))


def order_closed(order: Mapping[str, Any], language: str) -> Screen:
    """Say why an order can no longer be paid or cancelled.

    `order` has status (not pending), package_name and, if it is cancelled, ran_out: True if its deadline
    passed, False if the buyer cancelled it.
    """
    text = texts(language)
    status = order["status"]
    row = add_post_row(text) if status in _DONE else packages_row(text)
    return Screen(_closed(text, order), (row, back(text)))


def card_closed(order: Mapping[str, Any], language: str) -> Screen:
    """Show an order's end in a message that offered it, without its buttons; `order` as for order_closed."""
    text = texts(language)
    return Screen(_closed(text, order), (back(text),))


def _closed(text: Texts, order: Mapping[str, Any]) -> Html:
    status = order["status"]
    if status not in CLOSED_STATUSES:
        raise ValueError(f"not the status of a closed order: {status}")
    kind = "expired" if status == "cancelled" and order.get("ran_out") else status
    return text.html(f"order-closed-{kind}", package=order["package_name"])


def receipt(order: Mapping[str, Any], language: str, zone: tzinfo) -> Screen:
    """Confirm the payment: the package, until when it runs, posts a day.

    `order` is get_receipt's row: order_id, package_name, amount, asset, expires_at, posts_per_day, is_late,
    after_cancel, waiting.
    """
    text = texts(language)
    parts = [
        text.html(
            "receipt",
            package=order["package_name"],
            until=text.moment(order["expires_at"], zone),
            count=int(order["posts_per_day"]),
            crypto=crypto(order["amount"], order["asset"]),
            order=str(order["order_id"]),
        )
    ]
    if order.get("after_cancel"):
        parts.append(text.html("receipt-after-cancel"))
    elif order.get("is_late"):
        parts.append(text.html("receipt-late"))
    if waiting := waiting_lines(text, order.get("waiting"), zone):
        parts.append(Html("\n".join(waiting)))
    return Screen("\n\n".join(parts), (add_post_row(text), back(text)), lasting=True)


def _received(text: Texts, order: Mapping[str, Any]) -> tuple[Html, ...]:
    """Return a line with what was paid, if the notice is about a payment whose amount is known."""
    if not order.get("received") or not order.get("asset"):
        return ()
    return (text.html("payment-notice-received", crypto=crypto(order["received"], str(order["asset"]))),)


def payment_notice(kind: PaymentNoticeKind, order: Mapping[str, Any], language: str) -> Screen:
    """Tell the buyer about money that waits for a decision, or about an order that ended unpaid.

    `order` has order_id, package_name, amount and, if
    known, received and asset: what this money is; after_cancel if its buyer had cancelled the order before.
    """
    text = texts(language)
    parts = (
        text.html(f"payment-notice-{kind}"),
        *((text.html("payment-notice-after-cancel"),) if order.get("after_cancel") else ()),
        text.html(
            "payment-notice-order",
            package=order["package_name"],
            crypto=crypto(order["amount"]),
            order=str(order["order_id"]),
        ),
        *_received(text, order),
        text.html("payment-notice-contact"),
    )
    rows = (packages_row(text), back(text)) if kind in _BUY_AGAIN else (back(text),)
    return Screen("\n\n".join(parts), rows, lasting=True)
