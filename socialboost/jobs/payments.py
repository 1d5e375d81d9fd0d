"""Payments: invoices, incoming money, decisions, refunds and notices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, PAYMENTS, AdminTap, Decision, LedgerJob, Tap
from socialboost.kinds import DecisionNoticeKind, PaymentNoticeKind


@dataclass(frozen=True, kw_only=True)
class CreateInvoice(Tap, LedgerJob, queue=PAYMENTS):
    """Get one invoice for the order and show its pay link; key invoice:<order_id>:<telegram_id>."""

    may_finish_later: ClassVar[bool] = True
    order_id: str


@dataclass(frozen=True, kw_only=True)
class ActivateOrder(LedgerJob, queue=PAYMENTS):
    """Record an invoice's payment once, and activate its order or list an exception; key cp:<invoice_id>.

    Decimal values are strings, exactly as Crypto Pay wrote them.
    """

    invoice_id: str
    asset: str
    """paid_asset, else asset."""
    amount: str
    """paid_amount, else amount."""
    order_id: str
    """The invoice's payload: our order's id, or whatever a foreign invoice carried."""
    paid_at: str | None = None
    source: str = "webhook"
    raw_event: str = field(default="", metadata={"transient": True})
    """The signed body, encrypted by web (security/sealing.py). It is stored encrypted, not in the ledger."""


@dataclass(frozen=True, kw_only=True)
class SendRefund(LedgerJob, queue=PAYMENTS):
    """Send a payment's money back through Crypto Pay; key refund:<refund_id>:<round>."""

    refund_id: str


@dataclass(frozen=True, kw_only=True)
class SendPaymentNotice(LedgerJob, queue=PAYMENTS):
    """Tell the buyer about money that waits for a decision, or about an order that ended."""

    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    order_id: str
    kind: PaymentNoticeKind
    after_cancel: bool = False
    """True if the buyer had cancelled the order before this payment."""
    received: str = ""
    """The amount that was paid, if the notice is about a payment with a readable amount."""
    asset: str = ""


@dataclass(frozen=True, kw_only=True)
class SendDecisionNotice(LedgerJob, queue=PAYMENTS):
    """Notify the owner of an exceptional payment of the decision; key decision:<payment_id>:<kind>."""

    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    payment_id: str
    kind: DecisionNoticeKind
    """An activation sends the receipt instead."""


@dataclass(frozen=True, kw_only=True)
class ShowExceptions(AdminTap, queue=INTERACTIVE):
    """Show a page of payments that wait for a decision, oldest first."""

    page: int = 0


@dataclass(frozen=True, kw_only=True)
class ShowPayment(AdminTap, queue=INTERACTIVE):
    """Show one payment with the possible decisions."""

    payment_id: str


@dataclass(frozen=True, kw_only=True)
class AskPaymentOwner(AdminTap, queue=INTERACTIVE):
    """Ask for the Telegram id of the person whose money a payment without an order is."""

    payment_id: str


@dataclass(frozen=True, kw_only=True)
class NamePaymentOwner(AdminTap, Decision, queue=INTERACTIVE):
    """The admin's reply to AskPaymentOwner.

    Answers {outcome: done | changed_meanwhile | refused | not_allowed}.
    """

    payment_id: str
    text: str
    """What the admin sent. If it is not a Telegram id, the admin is asked again."""
    dialogue: str = ""


@dataclass(frozen=True, kw_only=True)
class AskDecision(AdminTap, queue=INTERACTIVE):
    """Ask for a confirmation, which says what will happen to whose money."""

    payment_id: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ResolvePayment(AdminTap, Decision, queue=INTERACTIVE):
    """Decide about a payment: activate, credit, refund or dismiss.

    Answers {outcome: done | changed_meanwhile | refused | not_allowed | asked, …}: docs/adr/0006.
    """

    payment_id: str
    action: str
