"""Parses Crypto Pay's invoices, payments and transfers, in one way for every caller.

One bad row never fails the whole answer: missing fields become empty, and a row without an id becomes None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from socialboost import logs
from socialboost.cleaning import clean_text
from socialboost.errors import AmbiguousError

SERVICE: Final = "crypto_pay"
CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""Crypto Pay's clock may be behind ours by this much."""

_ID: Final = re.compile(r"[0-9]{1,20}")
_YEARS: Final = range(2000, 2200)
"""Times outside these years are invalid. At the far ends Python and PostgreSQL cannot calculate."""

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as Crypto Pay returns it. The caller compares it with what was asked for."""

    invoice_id: str
    asset: str
    amount: Decimal | None
    """None if it is not a valid amount."""
    pay_url: str
    """Opens the payment in CryptoBot (bot_invoice_url)."""
    status: str
    """active, paid or expired."""
    order_id: str
    """Our order's id, from the invoice's payload."""
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """A paid invoice, with every number exactly as Crypto Pay wrote it."""

    invoice_id: str
    asset: str
    """paid_asset, else asset."""
    amount: str
    """paid_amount, else amount."""
    order_id: str
    """The invoice's payload: our order's id, or any text of an invoice that is not ours."""
    paid_at: str | None
    made_at: datetime | None
    """When the invoice was made; the service lists them in this order."""
    raw: dict[str, Any]
    """The invoice as it came."""

    def agrees_with(self, asset: str | None, amount: Decimal | None) -> bool:
        """Return True if this is the recorded payment. One recorded without an amount had none here."""
        try:
            return self.asset == (asset or "") and (amount is None or Decimal(self.amount) == amount)
        except InvalidOperation:
            return False


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that left our Crypto Pay app for a person's @CryptoBot."""

    transfer_id: str
    user_id: int
    asset: str
    amount: Decimal
    sent_at: datetime | None = None
    spend_id: str | None = None
    """Set if the service repeats it; the answer to `transfer` does not."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A requested transfer. A transfer sent before `since` is another one."""

    spend_id: str
    user_id: int
    asset: str
    amount: Decimal
    since: datetime

    def agrees_with(self, sent: Transfer) -> bool:
        """Return True if person, amount and asset are the same."""
        return (sent.user_id, sent.asset, sent.amount) == (self.user_id, self.asset, self.amount)

    def is_answered_by(self, sent: Transfer) -> bool:
        """Return True if it is this transfer. A service that ignores `spend_id` lists others too."""
        if not self.agrees_with(sent) or sent.spend_id not in {None, self.spend_id}:
            return False
        return sent.spend_id is not None or self.is_late_enough(sent)

    def is_late_enough(self, sent: Transfer) -> bool:
        """Return True if it was sent after it was requested."""
        return sent.sent_at is not None and sent.sent_at >= self.since - CLOCKS_DIFFER


@dataclass(frozen=True, slots=True)
class PaidPage:
    """A page of paid invoices and the start of the next page, or None at the end."""

    paid: list[PaidInvoice]
    next_offset: int | None


def items_of(result: Any) -> list[Any]:
    items = result.get("items") if isinstance(result, dict) else None
    if not isinstance(items, list):
        raise AmbiguousError(SERVICE, "the list is not what was agreed")
    return items


def payload_of(item: Any) -> Any:
    return item.get("payload") if isinstance(item, dict) else None


def paid_invoices(items: list[Any]) -> list[PaidInvoice]:
    """Parse the paid invoices. A row that cannot be parsed is logged and left out."""
    paid = []
    for item in items:
        invoice_id = _id(item, "invoice_id")
        if invoice_id is None:
            log.error("invoice_unreadable", keys=sorted(item)[:40] if isinstance(item, dict) else None)
        elif item.get("status") == "paid":
            paid.append(_paid_invoice(invoice_id, item))
    return paid


def _paid_invoice(invoice_id: str, item: dict[str, Any]) -> PaidInvoice:
    """Parse a paid invoice as the webhook does: a missing field becomes empty text, which an admin sees."""
    amount = item.get("paid_amount")
    paid_at = item.get("paid_at")
    return PaidInvoice(
        invoice_id=invoice_id,
        asset=_text(item.get("paid_asset") or item.get("asset")),
        amount=_text(item.get("amount") if amount is None else amount),
        order_id=_text(item.get("payload")),
        paid_at=paid_at if _moment(paid_at) else None,
        made_at=_moment(item.get("created_at")),
        raw=item,
    )


def _id(item: Any, name: str) -> str | None:
    """Return a numeric id as text, or None for anything else."""
    value = item.get(name) if isinstance(item, dict) else None
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else None


def _moment(value: Any) -> datetime | None:
    """Return a time with a zone, in UTC; None for anything else and for times out of range."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo and moment.year in _YEARS else None


def _amount(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _text(value: Any) -> str:
    """Return text that PostgreSQL can store."""
    return "" if value is None else clean_text(str(value))


def read_invoice(item: Any) -> Invoice:
    """Parse an invoice. Raises AmbiguousError for one without an id."""
    invoice_id = _id(item, "invoice_id")
    if invoice_id is None:
        raise AmbiguousError(SERVICE, "the invoice is not what was agreed")
    return Invoice(
        invoice_id=invoice_id,
        asset=_text(item.get("asset")),
        amount=_amount(item.get("amount")),
        pay_url=_text(item.get("bot_invoice_url")),
        status=_text(item.get("status")),
        order_id=_text(item.get("payload")),
        expires_at=_moment(item.get("expiration_date")),
    )


def read_transfer(item: Any) -> Transfer | None:
    """Parse a transfer. Returns None if it cannot be parsed."""
    transfer_id, user_id = _id(item, "transfer_id"), _id(item, "user_id")
    amount = _amount(item.get("amount")) if isinstance(item, dict) else None
    if transfer_id is None or user_id is None or amount is None:
        return None
    spend_id = item.get("spend_id")
    return Transfer(
        transfer_id=transfer_id,
        user_id=int(user_id),
        asset=_text(item.get("asset")),
        amount=amount,
        sent_at=_moment(item.get("completed_at")),
        spend_id=spend_id if isinstance(spend_id, str) and spend_id else None,
    )
