"""Invoices, transfers and checks of the one app this stand-in serves, with the rules of their states."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.crypto_pay.errors import ApiError
from sandbox.crypto_pay.fields import USD_RATES, iso, plain

FEE_RATE = Decimal("0.03")
"""The fee. The service shows it only inside the bot; 3 % is commonly quoted and not documented."""

ALPHABET = string.ascii_letters + string.digits


@dataclass
class Invoice:
    """One invoice. The API also shows the status `expired`, which follows from the time without a notice."""

    invoice_id: int
    hash: str
    currency_type: str
    currency: str
    amount: Decimal
    created_at: float
    expires_at: float | None
    options: dict[str, Any]
    accepted_assets: list[str] | None = None
    paid_at: float | None = None
    paid_asset: str | None = None
    paid_amount: Decimal | None = None
    abandoned: bool = False
    """True if the person closed the checkout page. Neither the service nor the API shows that."""

    @property
    def status(self) -> str:
        """active, paid or expired."""
        if self.paid_at is not None:
            return "paid"
        if self.expires_at is not None and time.time() >= self.expires_at:
            return "expired"
        return "active"

    def wire(self, public_url: str) -> dict[str, Any]:
        """The Invoice object as the API and the webhook carry it."""
        page = f"{public_url}/invoices/{self.hash}"
        body: dict[str, Any] = {
            "invoice_id": self.invoice_id,
            "hash": self.hash,
            "currency_type": self.currency_type,
            "asset" if self.currency_type == "crypto" else "fiat": self.currency,
            "amount": plain(self.amount),
            "pay_url": page,
            "bot_invoice_url": page,
            "mini_app_invoice_url": page,
            "web_app_invoice_url": page,
            "status": self.status,
            "created_at": iso(self.created_at),
            **self.options,
        }
        if self.accepted_assets is not None:
            body["accepted_assets"] = self.accepted_assets
        if self.expires_at is not None:
            body["expiration_date"] = iso(self.expires_at)
        return body | self._payment()

    def _payment(self) -> dict[str, Any]:
        if self.paid_at is None or self.paid_asset is None or self.paid_amount is None:
            return {}
        fee = (self.paid_amount * FEE_RATE).quantize(Decimal("1e-8"))
        rate = USD_RATES.get(self.paid_asset, Decimal(1))
        body = {
            "paid_asset": self.paid_asset,
            "paid_amount": plain(self.paid_amount),
            "paid_usd_rate": f"{rate:.8f}",
            "usd_rate": f"{rate:.8f}",
            "fee_asset": self.paid_asset,
            "fee_amount": float(fee),  # a JSON number on the real wire, unlike the other amounts
            "fee": plain(fee),
            "fee_in_usd": f"{fee * rate:.8f}",
            "paid_at": iso(self.paid_at),
            "paid_anonymously": bool(self.options["allow_anonymous"]),
        }
        return body | ({"paid_fiat_rate": "1"} if self.currency_type == "fiat" else {})


@dataclass
class Store:
    """All data of the service."""

    public_url: str
    invoices: dict[int, Invoice] = field(default_factory=dict)
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The transfers by spend_id. Each spend_id is accepted once."""
    checks: list[dict[str, Any]] = field(default_factory=list)
    balance: dict[str, Decimal] = field(default_factory=lambda: {asset: Decimal(1000) for asset in USD_RATES})
    strangers: set[int] = field(default_factory=set)
    """Telegram users who never opened @CryptoBot: nothing can be transferred to them."""
    disabled_methods: set[str] = field(default_factory=set)
    ignores_spend_id: bool = False
    """getTransfers lists all, newest first, whatever is asked for."""
    odd: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Wrong values that getInvoices returns for an invoice, by its id."""
    odd_shown: int = 0
    """How often it returned them."""
    _numbers: dict[str, int] = field(default_factory=dict)

    def add(self, **fields: Any) -> Invoice:
        """Create an invoice; ids are large and grow, hashes start with IV."""
        number = 5_500_001 + len(self._numbers)
        code = "IV" + "".join(secrets.choice(ALPHABET) for _ in range(10))
        invoice = Invoice(invoice_id=number, hash=code, created_at=time.time(), **fields)
        self.invoices[number] = invoice
        self._numbers[code] = number
        return invoice

    def by_hash(self, code: str) -> Invoice | None:
        """The invoice behind a checkout link."""
        number = self._numbers.get(code)
        return None if number is None else self.invoices.get(number)

    def by_id(self, number: int) -> Invoice:
        """The invoice with this id, or INVOICE_NOT_FOUND."""
        if number not in self.invoices:
            raise ApiError("INVOICE_NOT_FOUND")
        return self.invoices[number]

    def named(self, numbers: list[str]) -> list[Invoice]:
        """The invoices with these ids, newest first. Unknown ids are ignored."""
        wanted = sorted({int(number) for number in numbers if number.isdecimal()}, reverse=True)
        return [self.invoices[number] for number in wanted if number in self.invoices]

    def listed(self, invoice: Invoice) -> dict[str, Any]:
        """The invoice as a list of the API shows it."""
        odd = self.odd.get(invoice.invoice_id)
        self.odd_shown += odd is not None
        return invoice.wire(self.public_url) | (odd or {})

    def pay(self, invoice: Invoice, *, asset: str | None, amount: Decimal | None, force: bool) -> bool:
        """Mark it as paid. Returns False if that is impossible (already paid, or expired and not forced)."""
        if invoice.paid_at is not None or (invoice.status != "active" and not force):
            return False
        default_asset = invoice.currency if invoice.currency_type == "crypto" else "USDT"
        invoice.paid_asset = asset or default_asset
        invoice.paid_amount = amount if amount is not None else invoice.amount
        invoice.paid_at = time.time()
        self.balance[invoice.paid_asset] = (
            self.balance.get(invoice.paid_asset, Decimal(0)) + invoice.paid_amount
        )
        return True
