"""Money: one invoice for an order, one outcome for a payment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.errors import AmbiguousError, ParkError, ThrottledError, UnreachableError
from socialboost.screens import orders as screens
from workers import cache, cards, endings, orders, outbox, people, replies, runtime
from workers.base import Attempt, actor

if TYPE_CHECKING:
    from socialboost.clients.crypto_pay import Invoice

PROVIDER: Final = "crypto_pay"
LARGEST_AMOUNT: Final = Decimal(999_999_999_999)
"""What the column of an amount holds; more is no payment."""

_TOLD: Final = frozenset(
    {"package_name", "amount", "asset", "telegram_id", "order_id", "payment_id", "expires_at", "reason"}
)
"""Of payment_answer, what the admins' notice shows."""
_FLAGS: Final = ("is_late", "after_cancel")
"""What it shows only if so."""

log = logs.get(__name__)


def _show_order(job: jobs.CreateInvoice) -> None:
    """Another tap on "pay" after the invoice was made, or after making one was given up."""
    if person := people.known(job):
        with replies.acknowledged(job):
            orders.show(job, orders.find(job), person)


def _say_busy(job: jobs.CreateInvoice) -> None:
    """Another tap on "pay" while the invoice is being made: the link comes into this message anyway."""
    person = people.known(job)
    if person is None:
        return
    order = orders.find(job)
    if order is None or order["status"] != "pending" or order["pay_url"]:
        with replies.acknowledged(job):
            orders.show(job, order, person)
    else:
        replies.stop_spinner(job, screens.invoice_busy(person.language).text)


def _give_up(tx: Transaction, job: jobs.CreateInvoice, error: str) -> None:
    """Close the order for which no invoice could be made and owe the buyer word of it."""
    if tx.value("fail_order", order_id=job.order_id):
        log.error("invoice_failed", order_id=job.order_id, error=error)
        _owe_notice(tx, job.order_id, "invoice_failed")


@actor(jobs.CreateInvoice, on_duplicate=_show_order, on_busy=_say_busy, on_exhausted=_give_up)
def create_invoice(job: jobs.CreateInvoice, attempt: Attempt) -> None:
    """Get one invoice for the order and show its link; any later tap finds the invoice attached."""
    person = people.known(job)
    if person is None:
        return
    order, remembered = orders.find(job), None
    with replies.acknowledged(job):
        if order is not None and order["status"] == "pending" and not order["pay_url"]:
            try:
                remembered = _attach(job, order, _obtain(order, attempt))
            except (UnreachableError, ThrottledError, AmbiguousError):
                replies.show(job, screens.invoice_busy(person.language))
                raise
            order = orders.find(job)
        orders.show(job, order, person, remembered=remembered)


def _obtain(order: Mapping[str, Any], attempt: Attempt) -> Invoice:
    """Return the order's invoice. An earlier attempt may have made one and not got as far as recording it."""
    client = runtime.crypto_pay()
    made = client.find_invoice(order["order_id"]) if attempt.is_repeated else None
    if made is not None:
        log.info("invoice_adopted", order_id=order["order_id"], invoice_id=made.invoice_id)
        return made
    return client.create_invoice(order["order_id"], order["amount"], f"SocialBoost - {order['package_name']}")


def _attach(job: jobs.CreateInvoice, order: Mapping[str, Any], invoice: Invoice) -> int | None:
    """Record the invoice, and the message that is to show its link, which is returned.

    One that came too late (the order has another, or has ended) is to be withdrawn, unless it was paid and
    its webhook was faster than the answer that brought us the invoice (workers/endings.py).
    """
    order_id = order["order_id"]
    if invoice.amount != order["amount"]:
        raise ParkError(f"invoice {invoice.invoice_id} is over another amount than its order")
    with runtime.db().transaction() as tx:
        attached = tx.value(
            "attach_invoice",
            order_id=order_id,
            invoice_id=invoice.invoice_id,
            asset=invoice.asset,
            amount=invoice.amount,
            pay_url=invoice.pay_url,
            expires_at=invoice.expires_at,
        )
        is_the_orders = attached["success"] and attached["invoice_id"] == invoice.invoice_id
        if not is_the_orders:
            log.warning("invoice_not_needed", order_id=order_id, invoice_id=invoice.invoice_id)
            endings.withdraw(tx, order_id, invoice.invoice_id)
        elif job.message_id is not None:
            cards.remember(tx, job, order_id, job.message_id)
    return job.message_id if is_the_orders else None


@actor(jobs.ActivateOrder)
def activate_order(job: jobs.ActivateOrder, attempt: Attempt) -> None:  # noqa: ARG001 (a UNIQUE fact)
    """Record the payment once; in the same transaction activate or list it, and owe everybody word of it."""
    amount, paid_at = _amount(job.amount), _moment(job.paid_at)
    sealed = runtime.sealer().seal(job.raw_event.encode()) if job.raw_event else None
    with runtime.db().transaction() as tx:
        result = tx.value(
            "apply_payment",
            provider=PROVIDER,
            invoice_id=job.invoice_id,
            order_id_text=job.order_id,
            asset=job.asset,
            amount=amount,
            paid_at=paid_at,
            source=job.source,
            raw=sealed,
        )
        _owe_words(tx, job, result)
        cache.forget_user(tx, result.get("telegram_id"))
    log.info("payment_applied", outcome=result["outcome"], invoice_id=job.invoice_id)


def _owe_words(tx: Transaction, job: jobs.ActivateOrder, result: Mapping[str, Any]) -> None:
    """Owe the receipt or the explanation, and the admins' notice; a duplicate owes nothing new."""
    order_id = result.get("order_id")
    known = {name: str(value) for name, value in result.items() if name in _TOLD and value is not None}
    data: dict[str, Any] = {**known, "invoice_id": job.invoice_id}
    data |= {name: True for name in _FLAGS if result.get(name)}
    if result["outcome"] in {"activated", "exception"} and order_id:
        endings.follow(tx, [order_id])
    if result["outcome"] == "activated":
        outbox.owe(tx, jobs.SendReceipt(key=f"receipt:{order_id}", order_id=str(order_id)))
        _owe_admins(tx, f"order_paid:{order_id}", "order_paid", data)
    elif result["outcome"] == "exception":
        if order_id:
            after_cancel = bool(result["after_cancel"])
            _owe_notice(tx, order_id, result["reason"], f":{job.invoice_id}", after_cancel=after_cancel)
        _owe_admins(tx, f"payment_exception:{job.invoice_id}", "payment_exception", data)


def _owe_notice(
    tx: Transaction, order_id: str, kind: str, subject: str = "", *, after_cancel: bool = False
) -> None:
    key = f"notice:{kind}:{order_id}{subject}"
    notice = jobs.SendPaymentNotice(key=key, order_id=order_id, kind=kind, after_cancel=after_cancel)
    outbox.owe(tx, notice)


def _owe_admins(tx: Transaction, subject: str, kind: str, data: dict[str, Any]) -> None:
    outbox.owe(tx, jobs.NotifyAdmins(key=f"notice:{subject}", kind=kind, data=data))


def _amount(text: str) -> Decimal | None:
    """Return the amount exactly as Crypto Pay wrote it; None for what is no amount of money."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount <= LARGEST_AMOUNT else None


def _moment(text: str | None) -> datetime | None:
    """Return when the provider says it was paid; it is kept, never reckoned with, so nonsense is None."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
