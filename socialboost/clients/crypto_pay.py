"""Crypto Pay (CryptoBot): make an invoice, find the one that was made, send money back. Amounts are Decimal.

createInvoice has no idempotency key. Our order's id travels as `payload`, so that after a timeout the
invoice that may have been made is looked for (`find_invoice`) before another one is. A transfer has one,
`spend_id`: the same is accepted once, for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from socialboost.clients.http import Answer, HttpService, Limits, refuse, unreadable
from socialboost.errors import AmbiguousError

SERVICE: Final = "crypto_pay"
ASSET: Final = "USDT"
INVOICE_SECONDS: Final = 3600

_PAGE: Final = 200
_MAX_PAGES: Final = 50
"""10,000 open invoices: an hour of them at three orders a second."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as Crypto Pay quotes it."""

    invoice_id: str
    asset: str
    amount: Decimal
    pay_url: str
    """Opens the payment in CryptoBot (bot_invoice_url)."""
    status: str
    """active, paid or expired."""
    order_id: str
    """Our order's id, from the invoice's payload."""
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """What was paid, every number as Crypto Pay wrote it."""

    invoice_id: str
    asset: str
    """paid_asset, else asset."""
    amount: str
    """paid_amount, else amount."""
    order_id: str
    """The invoice's payload: our order's id, or whatever a foreign invoice carries."""
    paid_at: str | None
    made_at: datetime | None
    """When the invoice was made; the service lists them in this order."""
    raw: dict[str, Any]
    """The invoice as it came."""

    def agrees_with(self, asset: str | None, amount: Decimal | None) -> bool:
        """Whether it is the payment as recorded; one recorded without an amount had none here either."""
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


class CryptoPayClient:
    """Calls with the app's token; it goes in a header, never into a URL."""

    def __init__(self, api_url: str, token: str) -> None:
        self._http = HttpService(
            SERVICE,
            api_url,
            headers={"Crypto-Pay-API-Token": token},
            limits=Limits(read_seconds=8.0, total_seconds=12.0, max_bytes=1024 * 1024),
        )

    def create_invoice(self, order_id: str, amount: Decimal, description: str) -> Invoice:
        """Make an invoice of `amount` USDT that lives for an hour.

        Raises AmbiguousError when the invoice may exist all the same: look for it before the next try.
        """
        body = {
            "currency_type": "crypto",
            "asset": ASSET,
            "amount": format(amount, "f"),
            "description": description[:1024],
            "payload": order_id,
            "expires_in": INVOICE_SECONDS,
            # Both default to true. A comment reaches nobody here, and an anonymous payer could not be
            # recognised when they ask where their money went.
            "allow_comments": False,
            "allow_anonymous": False,
        }
        return _invoice(self._call("createInvoice", body))

    def find_invoice(self, order_id: str) -> Invoice | None:
        """Return the order's invoice that can still be paid, or None when there certainly is none."""
        for page in range(_MAX_PAGES):
            body = {"asset": ASSET, "status": "active", "offset": page * _PAGE, "count": _PAGE}
            result = self._call("getInvoices", body, repeatable=True)
            items = result.get("items", [])
            found = next((item for item in items if item.get("payload") == order_id), None)
            if found is not None:
                return _invoice(found)
            if len(items) < _PAGE:
                return None
        raise AmbiguousError(SERVICE, "too many open invoices to look through")

    def paid_among(self, invoice_ids: Sequence[str]) -> list[PaidInvoice]:
        """Return those of at most 1,000 invoices that are paid, in one call."""
        body = {"invoice_ids": ",".join(invoice_ids), "status": "paid", "count": len(invoice_ids)}
        return self._paid(body)

    def newest_paid(self, *, offset: int, count: int) -> list[PaidInvoice]:
        """Return a page of the app's paid invoices, newest first."""
        return self._paid({"status": "paid", "offset": offset, "count": count})

    def delete_invoice(self, invoice_id: str) -> None:
        """Withdraw an invoice, so that nobody can pay it; RejectedError also when it is gone or paid."""
        self._call("deleteInvoice", {"invoice_id": int(invoice_id)}, repeatable=True)

    def invoice_status(self, invoice_id: str) -> str | None:
        """Return active, paid or expired; None when there is no such invoice (any more)."""
        result = self._call("getInvoices", {"invoice_ids": invoice_id}, repeatable=True)
        items = result.get("items") if isinstance(result, dict) else None
        if not isinstance(items, list):
            raise AmbiguousError(SERVICE, "the list of invoices is not what was agreed")
        found = [one for one in items if isinstance(one, dict) and str(one.get("invoice_id")) == invoice_id]
        return str(found[0].get("status")) if found else None

    def transfer(self, user_id: int, asset: str, amount: Decimal, spend_id: str) -> Transfer:
        """Send money to a Telegram user.

        RejectedError: nothing was sent, unless its code is refusals.SPEND_ID_USED: then it was sent before.
        AmbiguousError: it may have been sent; `find_transfer` tells.
        """
        body = {"user_id": user_id, "asset": asset, "amount": format(amount, "f"), "spend_id": spend_id}
        return _transfer(self._call("transfer", body))

    def find_transfer(self, spend_id: str) -> Transfer | None:
        """Return what was sent under this spend_id, or None when nothing was."""
        result = self._call("getTransfers", {"spend_id": spend_id}, repeatable=True)
        items = result.get("items", [])
        return _transfer(items[0]) if items else None

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _paid(self, body: dict[str, Any]) -> list[PaidInvoice]:
        result = self._call("getInvoices", body, repeatable=True)
        items = result.get("items") if isinstance(result, dict) else None
        if not isinstance(items, list):
            raise AmbiguousError(SERVICE, "the list of invoices is not what was agreed")
        return [_paid_invoice(item) for item in items if _is_paid(item)]

    def _call(self, method: str, body: dict[str, Any], *, repeatable: bool = False) -> Any:
        answer = self._http.call(
            "POST",
            f"/api/{method}",
            body=body,
            repeatable=repeatable,
            check=_check,
            fields={"method": method},
        )
        return answer.json_object()["result"]


def _is_paid(item: Any) -> bool:
    return (
        isinstance(item, dict) and item.get("status") == "paid" and str(item.get("invoice_id", "")).isdigit()
    )


def _paid_invoice(item: dict[str, Any]) -> PaidInvoice:
    """Read a paid invoice as the webhook's reader does: what it lacks is empty text, for a person to see."""
    amount = item.get("paid_amount")
    paid_at = item.get("paid_at")
    return PaidInvoice(
        invoice_id=str(item["invoice_id"]),
        asset=_text(item.get("paid_asset") or item.get("asset")),
        amount=_text(item.get("amount") if amount is None else amount),
        order_id=_text(item.get("payload")),
        paid_at=paid_at if isinstance(paid_at, str) else None,
        made_at=_moment(item.get("created_at")),
        raw=item,
    )


def _moment(value: Any) -> datetime | None:
    """Return a time with its zone, or None for anything else."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _text(value: Any) -> str:
    """Return text that PostgreSQL can store."""
    return "" if value is None else str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _check(answer: Answer) -> None:
    """Raise what the envelope means, if it is not a result. 4xx names are final, whatever they are."""
    body = answer.json_object()
    error = body.get("error")
    code = str(error.get("name", ""))[:64] if isinstance(error, dict) else ""
    if not 200 <= answer.status < 300:
        raise refuse(SERVICE, answer, code=code or str(answer.status), reason=code)
    if body.get("ok") is not True or "result" not in body:
        raise unreadable(SERVICE, answer)


def _invoice(item: Any) -> Invoice:
    """Read the fields we rely on. Raises AmbiguousError: an invoice we cannot read may still be paid."""
    try:
        expires = item.get("expiration_date")
        invoice = Invoice(
            invoice_id=str(int(item["invoice_id"])),
            asset=str(item["asset"]),
            amount=Decimal(str(item["amount"])),
            pay_url=str(item["bot_invoice_url"]),
            status=str(item["status"]),
            order_id=str(item.get("payload") or ""),
            expires_at=datetime.fromisoformat(expires) if expires else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation):
        raise AmbiguousError(SERVICE, "the invoice is not what was agreed") from None
    if not invoice.pay_url.startswith(("https://", "http://")) or not invoice.amount.is_finite():
        raise AmbiguousError(SERVICE, "the invoice is not what was agreed")
    return invoice


def _transfer(item: Any) -> Transfer:
    """Read a transfer. Raises AmbiguousError: one that we cannot read was made all the same."""
    try:
        return Transfer(
            transfer_id=str(int(item["transfer_id"])),
            user_id=int(item["user_id"]),
            asset=str(item["asset"]),
            amount=Decimal(str(item["amount"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation):
        raise AmbiguousError(SERVICE, "the transfer is not what was agreed") from None
