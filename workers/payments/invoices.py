"""One invoice for an order, made at Crypto Pay and shown to the buyer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from socialboost import jobs, logs
from socialboost.chat import callbacks
from socialboost.db import Transaction
from socialboost.db.rows.orders import GetOrder
from socialboost.errors import (
    AmbiguousError,
    PostponeError,
    RejectedError,
    ServiceError,
    ThrottledError,
    UnaskedError,
    UnknownYetError,
    UnreachableError,
)
from socialboost.screens.buyer import orders as screens
from socialboost.screens.core import is_link
from workers.engine import outbox, resources
from workers.engine.actors import Attempt, actor
from workers.orders import checkout, closing
from workers.people import current
from workers.telegram import answers, order_cards

if TYPE_CHECKING:
    from socialboost.clients.crypto_pay_words import Invoice

ASSET: Final = "USDT"
FOREIGN: Final = "foreign_invoice"
MOST_OPEN_INVOICES: Final = 3
MOST_INVOICES_AN_HOUR: Final = 10
"""Of one person: every open invoice is asked about in each turn of the reconciler."""

log = logs.get(__name__)


def _show_order(job: jobs.CreateInvoice) -> None:
    """Answer another tap on "pay" after the invoice was made, or after making one was given up."""
    if person := current.known(job):
        with answers.replying(job):
            checkout.show(job, checkout.find(job), person)


def _say_busy(job: jobs.CreateInvoice) -> None:
    """Answer another tap on "pay" while the invoice is being made. The link will appear in this message."""
    person = current.known(job)
    if person is None:
        return
    order = checkout.find(job)
    if order is None or order["status"] != "pending" or order["pay_url"]:
        with answers.replying(job):
            checkout.show(job, order, person)
    else:
        answers.stop_spinner(job, screens.invoice_busy(person.language).text)


def _give_up(tx: Transaction, job: jobs.CreateInvoice, error: str) -> None:
    """Fail the order whose invoice was refused or used up its attempts, and tell the buyer.

    An answer that is about another invoice says nothing about this order: it stays open for its hour.
    """
    if error.startswith(UnaskedError.__name__):
        return
    if tx.value("fail_order", order_id=job.order_id):
        log.error("invoice_failed", order_id=job.order_id, error=error)
        key = f"notice:invoice_failed:{job.order_id}"
        outbox.add(tx, jobs.SendPaymentNotice(key=key, order_id=job.order_id, kind="invoice_failed"))


@actor(jobs.CreateInvoice, on_duplicate=_show_order, on_busy=_say_busy, on_exhausted=_give_up)
def create_invoice(job: jobs.CreateInvoice, attempt: Attempt) -> None:
    """Get one invoice for the order and show its link. Any later tap finds the invoice attached."""
    person = current.known(job)
    if person is None:
        return
    order, wanted = _look(job)
    remembered = None
    with answers.acknowledged(job):
        if order is not None and wanted is not None:
            _wait_for_room(job, wanted, person.language)
            try:
                order, remembered = _attach(job, order, _obtain(order, attempt))
            except (UnreachableError, ThrottledError, AmbiguousError):
                _say_wait(job, person.language)
                raise
        checkout.show(job, order, person, remembered=remembered)


def _look(job: jobs.CreateInvoice) -> tuple[GetOrder | None, Mapping[str, Any] | None]:
    """Return the order, and want_invoice's answer if it waits for its invoice; one commit for both."""
    with resources.db().transaction() as tx:
        order = tx.one("get_order", telegram_id=job.telegram_id, order_id=job.order_id)
        if order is None or order["status"] != "pending" or order["pay_url"]:
            return order, None
        wanted = tx.value(
            "want_invoice",
            order_id=job.order_id,
            most_open=MOST_OPEN_INVOICES,
            most_an_hour=MOST_INVOICES_AN_HOUR,
        )
    return order, wanted


def _wait_for_room(job: jobs.CreateInvoice, wanted: Mapping[str, Any], language: str) -> None:
    """Return if the right to an invoice was reserved; PostponeError, after saying when, otherwise."""
    if wanted["allowed"]:
        return
    next_at = datetime.fromisoformat(wanted["next_at"])
    answers.show(job, screens.invoice_limit(next_at, language, resources.settings().timezone))
    seconds = (next_at - datetime.now(UTC)).total_seconds()
    raise PostponeError(max(seconds, 1.0), "the person has as many invoices as one may have")


def _say_wait(job: jobs.CreateInvoice, language: str) -> None:
    """Say that the invoice comes later. An error of Telegram changes nothing about the order."""
    try:
        answers.show(job, screens.invoice_busy(language))
    except (ServiceError, PostponeError) as error:
        log.warning("wait_not_shown", order_id=job.order_id, error=str(error))


def _obtain(order: GetOrder, attempt: Attempt) -> Invoice:
    """Return the order's invoice. An earlier attempt may have made one without recording it."""
    made = _made_before(order) if attempt.is_repeated else None
    if made is not None:
        log.info("invoice_adopted", order_id=order["order_id"], invoice_id=made.invoice_id)
        return made
    description = f"SocialBoost - {order['package_name']}"
    try:
        invoice = resources.crypto_pay().create_invoice(order["order_id"], order["amount"], description)
    except AmbiguousError as error:  # the next run looks for it first
        raise UnknownYetError.of(error) from None
    objection = _objection(order, invoice)
    if objection:
        _withdraw(order, invoice)
        raise UnaskedError("crypto_pay", f"invoice {invoice.invoice_id}: {objection}")
    return invoice


def _made_before(order: GetOrder) -> Invoice | None:
    """Return the open invoice that an earlier attempt made. Any other one for this order is withdrawn."""
    try:
        found = resources.crypto_pay().find_invoices(order["order_id"])
    except (AmbiguousError, RejectedError) as error:  # a refused question is no refusal of the invoice
        raise UnknownYetError.of(error) from None
    right = [invoice for invoice in found if not _objection(order, invoice)]
    for invoice in found:
        if invoice not in right[:1]:
            _withdraw(order, invoice)
    return right[0] if right else None


def _objection(order: GetOrder, invoice: Invoice) -> str:
    """Return why this is not the invoice that was requested, or "" if it is."""
    if invoice.order_id != order["order_id"]:
        return "it is another order's"
    if invoice.asset != ASSET or invoice.amount != order["amount"]:
        return "it is over another sum"
    if invoice.status != "active":
        return "it cannot be paid"
    return "" if is_link(invoice.pay_url) else "it has no link a button can carry"


def _attach(job: jobs.CreateInvoice, order: GetOrder, invoice: Invoice) -> tuple[GetOrder | None, int | None]:
    """Record the invoice. Returns the order as it then is, and the message recorded as showing its link.

    An invoice that came too late (the order has another, or has ended) is withdrawn, unless it was paid
    before its answer reached us (workers/orders/closing.py).
    """
    order_id = order["order_id"]
    with resources.db().transaction() as tx:
        attached = tx.value(
            "attach_invoice",
            order_id=order_id,
            invoice_id=invoice.invoice_id,
            asset=invoice.asset,
            amount=invoice.amount,
            pay_url=invoice.pay_url,
            expires_at=invoice.expires_at,
        )
        if attached.get("error") == FOREIGN:
            raise UnaskedError("crypto_pay", f"invoice {invoice.invoice_id} is recorded for another order")
        is_the_orders = attached["success"] and attached["invoice_id"] == invoice.invoice_id
        if not is_the_orders:
            log.warning("invoice_not_needed", order_id=order_id, invoice_id=invoice.invoice_id)
            closing.withdraw(tx, order_id, invoice.invoice_id)
        elif job.message_id is not None:
            order_cards.remember(tx, job, order_id, job.message_id)
        now = tx.one("get_order", telegram_id=job.telegram_id, order_id=order_id)
    return now, job.message_id if is_the_orders else None


def _withdraw(order: GetOrder, invoice: Invoice) -> None:
    """Add the withdrawal of an invoice that nobody was shown, unless it may be another order's."""
    with resources.db().transaction() as tx:
        owner = tx.value(
            "get_invoice_order", invoice_id=invoice.invoice_id, named=callbacks.uuid(invoice.order_id)
        )
        if owner not in {None, order["order_id"]}:
            log.error("invoice_of_another_order", order_id=order["order_id"], invoice_id=invoice.invoice_id)
            return
        log.warning("invoice_not_needed", order_id=order["order_id"], invoice_id=invoice.invoice_id)
        closing.withdraw(tx, order["order_id"], invoice.invoice_id)
