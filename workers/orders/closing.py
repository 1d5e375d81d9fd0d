"""Closes an order that can no longer be paid: withdraws its invoice and redraws its messages.

`follow` adds both jobs in the transaction that ends the order, so neither depends on Redis or Crypto Pay at
that moment. Money that comes anyway is recorded like any other (apply_payment).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from socialboost import jobs, logs
from socialboost.db import Transaction
from socialboost.db.rows.orders import GetOrderCards
from socialboost.errors import AmbiguousError, PostponeError, RejectedError
from socialboost.screens import texts
from socialboost.screens.buyer import orders as screens
from workers.engine import outbox, resources, under_way
from workers.engine.actors import Attempt, actor
from workers.telegram import answers, order_cards

DELETED, DELETED_BEFORE, EXPIRED = "deleted", "deleted before", "expired"
_CANNOT_BE_PAID: Final = frozenset({DELETED, DELETED_BEFORE, EXPIRED})

log = logs.get(__name__)


def follow(tx: Transaction, order_ids: Sequence[str], *, here: bool = False) -> None:
    """Add the jobs that follow from the end of these orders, which `tx` has just recorded.

    With `here` the process that runs the present job also redraws the messages, when it has ended.
    """
    for end in tx.many("get_loose_ends", order_ids=list(order_ids)):
        order_id = end["order_id"]
        if end["kind"] == "invoice":
            withdraw(tx, order_id, end["name"])
            continue
        job = jobs.CloseOrderCards(key=f"card:{order_id}:{end['name']}", order_id=order_id)
        if here:
            under_way.add_next(tx, job, found={"cards": tx.many("get_order_cards", order_id=order_id)})
        else:
            outbox.add(tx, job)


def withdraw(tx: Transaction, order_id: str, invoice_id: str) -> None:
    """Add the job that withdraws one invoice."""
    job = jobs.WithdrawInvoice(key=f"withdraw:{invoice_id}", invoice_id=invoice_id, order_id=order_id)
    outbox.add(tx, job)


@actor(jobs.WithdrawInvoice)
def withdraw_invoice(job: jobs.WithdrawInvoice, attempt: Attempt) -> None:  # noqa: ARG001 (safe to repeat)
    """Delete the invoice at Crypto Pay, until it is deleted, paid or expired there. What was paid stays."""
    if not resources.db().many("get_unrecorded_payments", invoice_ids=[job.invoice_id]):
        return
    try:
        outcome = _delete(job.invoice_id)
    except AmbiguousError as doubt:
        raise PostponeError(0.0, str(doubt), outage=True) from doubt  # doing it twice does no harm
    if outcome in _CANNOT_BE_PAID:
        resources.db().value("note_withdrawal", invoice_id=job.invoice_id)
    log.info("invoice_withdrawn", invoice_id=job.invoice_id, order_id=job.order_id, outcome=outcome)


def _delete(invoice_id: str) -> str:
    """Delete the invoice and return its state. A refusal counts only if the invoice can still be paid."""
    try:
        resources.crypto_pay().delete_invoice(invoice_id)
    except RejectedError:
        status = resources.crypto_pay().invoice_status(invoice_id)
        if status == "active":
            raise
        return status or DELETED_BEFORE
    return DELETED


@actor(jobs.CloseOrderCards)
def close_order_cards(job: jobs.CloseOrderCards, attempt: Attempt) -> None:
    """Show the order's end in the messages that offer it, unless they show something else by now."""
    read = attempt.found
    cards = resources.db().many("get_order_cards", order_id=job.order_id) if read is None else read["cards"]
    taps = []
    for card in cards:
        try:
            taps.append(_close(card))
        except AmbiguousError as doubt:
            raise PostponeError(0.0, str(doubt), outage=True) from doubt  # doing it twice does no harm
    order_cards.forget_at_end(taps)


def _close(card: GetOrderCards) -> jobs.Tap:
    """Redraw the message. Returns the tap that it stands for."""
    # One later than the tap that drew the card: a drawing still on its way does not have the last word.
    after = jobs.Tap(
        telegram_id=card["telegram_id"],
        chat_id=card["chat_id"],
        message_id=card["message_id"],
        seq=card["seq"] + 1,
    )
    answers.redraw(after, card["message_id"], screens.card_closed(card, texts.language(card["language"])))
    return after
