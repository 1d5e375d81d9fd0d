"""From the packages on sale to the money and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from socialboost.jobs.base import (
    INTERACTIVE,
    MAINTENANCE,
    NOTIFICATIONS,
    PAYMENTS,
    LedgerJob,
    Tap,
)


@dataclass(frozen=True, kw_only=True)
class ShowPackages(Tap):
    """Show the packages on sale."""

    actor_name: ClassVar[str] = "show_packages"
    queue: ClassVar[str] = INTERACTIVE


@dataclass(frozen=True, kw_only=True)
class ShowPackage(Tap):
    """Show one package's details."""

    actor_name: ClassVar[str] = "show_package"
    queue: ClassVar[str] = INTERACTIVE
    slug: str


@dataclass(frozen=True, kw_only=True)
class OpenOrder(Tap, LedgerJob):
    """Open (or find again) the person's pending order of a package and show its card."""

    actor_name: ClassVar[str] = "open_order"
    queue: ClassVar[str] = INTERACTIVE
    slug: str


@dataclass(frozen=True, kw_only=True)
class CancelOrder(Tap, LedgerJob):
    """Cancel the person's pending order."""

    actor_name: ClassVar[str] = "cancel_order"
    queue: ClassVar[str] = INTERACTIVE
    order_id: str


@dataclass(frozen=True, kw_only=True)
class CreateInvoice(Tap, LedgerJob):
    """Get one invoice for the order and show its pay link; key invoice:<order_id>:<telegram_id>."""

    actor_name: ClassVar[str] = "create_invoice"
    queue: ClassVar[str] = PAYMENTS
    order_id: str


@dataclass(frozen=True, kw_only=True)
class ActivateOrder(LedgerJob):
    """Money arrived for an invoice: record it once and activate, or list an exception; key cp:<invoice_id>.

    Decimal values travel as strings, exactly as Crypto Pay wrote them.
    """

    actor_name: ClassVar[str] = "activate_order"
    queue: ClassVar[str] = PAYMENTS
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
    """The signed body, sealed for the way (security/sealing.py); kept encrypted, never in the ledger."""


@dataclass(frozen=True, kw_only=True)
class WithdrawInvoice(LedgerJob):
    """Take an invoice back that nobody is to pay any more; key withdraw:<invoice_id>."""

    actor_name: ClassVar[str] = "withdraw_invoice"
    queue: ClassVar[str] = MAINTENANCE
    invoice_id: str
    order_id: str


@dataclass(frozen=True, kw_only=True)
class CloseOrderCards(LedgerJob):
    """Say in the messages that offer an order what became of it; key card:<order_id>:<status>."""

    actor_name: ClassVar[str] = "close_order_cards"
    queue: ClassVar[str] = NOTIFICATIONS
    order_id: str


@dataclass(frozen=True, kw_only=True)
class SendReceipt(LedgerJob):
    """Tell the buyer that the package is active; a money message: at most one repeat."""

    actor_name: ClassVar[str] = "send_receipt"
    queue: ClassVar[str] = PAYMENTS
    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    order_id: str


@dataclass(frozen=True, kw_only=True)
class SendPaymentNotice(LedgerJob):
    """Tell the buyer about money that waits for a decision, or about an order that ended."""

    actor_name: ClassVar[str] = "send_payment_notice"
    queue: ClassVar[str] = PAYMENTS
    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    order_id: str
    kind: str
    """wrong_amount, wrong_asset, too_late, second_payment, invoice_failed or order_expired."""
    after_cancel: bool = False
    """Whether its buyer had cancelled the order before this money came."""


@dataclass(frozen=True, kw_only=True)
class PayFromBalance(Tap, LedgerJob):
    """Pay the person's pending order from their balance."""

    actor_name: ClassVar[str] = "pay_from_balance"
    queue: ClassVar[str] = INTERACTIVE
    order_id: str


@dataclass(frozen=True, kw_only=True)
class SendRefund(LedgerJob):
    """Send a payment's money back through Crypto Pay; key refund:<refund_id>:<round>."""

    actor_name: ClassVar[str] = "send_refund"
    queue: ClassVar[str] = PAYMENTS
    refund_id: str


@dataclass(frozen=True, kw_only=True)
class SendDecisionNotice(LedgerJob):
    """Tell the owner of an exceptional payment what was decided; key decision:<payment_id>:<kind>."""

    actor_name: ClassVar[str] = "send_decision_notice"
    queue: ClassVar[str] = PAYMENTS
    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    payment_id: str
    kind: str
    """credited, refunded or dismissed; an activation sends the receipt instead."""
