"""The rows of sql/queries/payments.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict


class GetExceptions(TypedDict):
    """A row of get_exceptions."""

    payment_id: str
    invoice_id: str
    reason: str | None
    amount: Decimal | None
    asset: str | None
    created_at: datetime
    package_name: str | None
    telegram_id: int | None
    username: str | None
    refund_state: str | None


class GetPayment(TypedDict):
    """A row of get_payment."""

    payment_id: str
    provider: str
    invoice_id: str
    reason: str | None
    state: str
    resolution: str | None
    amount: Decimal | None
    asset: str | None
    after_cancel: bool
    refunded_amount: Decimal
    paid_at: datetime
    created_at: datetime
    resolved_at: datetime | None
    source: str
    order_id: str | None
    package_name: str | None
    order_amount: Decimal | None
    order_status: str | None
    deadline_at: datetime | None
    telegram_id: int | None
    username: str | None
    first_name: str | None
    language: str | None
    balance: Decimal | None
    refund_state: str | None
    refund_refusal: str | None
    transfer_id: str | None
    seen: str
    decided_by: int | None
    decided_by_name: str | None


class GetRefund(TypedDict):
    """A row of get_refund."""

    refund_id: str
    state: str
    round: int
    spend_id: str
    asset: str
    amount: Decimal
    created_at: datetime
    telegram_id: int
    invoice_id: str
    payment_id: str
    order_id: str | None
    package_name: str | None
    wanted_seconds: float


class GetSettledTransfers(TypedDict):
    """A row of get_settled_transfers."""

    transfer_id: str


class GetDueInvoices(TypedDict):
    """A row of get_due_invoices."""

    invoice_id: str


class GetUnrecordedPayments(TypedDict):
    """A row of get_unrecorded_payments."""

    invoice_id: str


class GetUnverifiedPayments(TypedDict):
    """A row of get_unverified_payments."""

    invoice_id: str
    asset: str | None
    amount: Decimal | None


class CountRecentSources(TypedDict):
    """A row of count_recent_sources."""

    by_webhook: int
    by_reconciler: int
