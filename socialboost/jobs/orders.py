"""Orders: opened, paid from a balance, cancelled, expired, and the receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from socialboost.jobs.base import INTERACTIVE, MAINTENANCE, NOTIFICATIONS, PAYMENTS, LedgerJob, Tap


@dataclass(frozen=True, kw_only=True)
class OpenOrder(Tap, LedgerJob, queue=INTERACTIVE):
    """Open (or find again) the person's pending order of a package and show its card."""

    may_finish_later: ClassVar[bool] = True
    slug: str


@dataclass(frozen=True, kw_only=True)
class CancelOrder(Tap, LedgerJob, queue=INTERACTIVE):
    """Cancel the person's pending order."""

    may_finish_later: ClassVar[bool] = True
    order_id: str


@dataclass(frozen=True, kw_only=True)
class PayFromBalance(Tap, LedgerJob, queue=INTERACTIVE):
    """Pay the person's pending order from their balance."""

    order_id: str


@dataclass(frozen=True, kw_only=True)
class SweepOrders(LedgerJob, queue=MAINTENANCE):
    """Cancel pending orders past their deadline, complete those whose days are over."""


@dataclass(frozen=True, kw_only=True)
class WithdrawInvoice(LedgerJob, queue=MAINTENANCE):
    """Delete an invoice that must not be paid any more; key withdraw:<invoice_id>."""

    invoice_id: str
    order_id: str


@dataclass(frozen=True, kw_only=True)
class CloseOrderCards(LedgerJob, queue=NOTIFICATIONS):
    """Show an order's end in the messages that offer it; key card:<order_id>:<status>."""

    may_finish_later: ClassVar[bool] = True
    order_id: str


@dataclass(frozen=True, kw_only=True)
class SendReceipt(LedgerJob, queue=PAYMENTS):
    """Tell the buyer that the package is active; a money message: at most one repeat."""

    max_attempts: ClassVar[int] = 2
    tells: ClassVar[bool] = True
    order_id: str
