"""The API's methods: each takes the call's fields and returns the `result`."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from sandbox.crypto_pay.errors import ApiError
from sandbox.crypto_pay.fields import ASSETS, DECIMALS, FIATS, USD_RATES, Fields, iso, plain
from sandbox.crypto_pay.store import Store

LONGEST_EXPIRY_SECONDS = 2_678_400
BUTTONS = ("viewItem", "openChannel", "openBot", "callback")
TRANSFER_USD = (Decimal(1), Decimal(25_000))

T = TypeVar("T")
Method = Callable[[Store, Fields], Any]


def get_me(_: Store, __: Fields) -> dict[str, Any]:
    return {"app_id": 731946, "name": "SocialBoost", "payment_processing_bot_username": "CryptoBot"}


def create_invoice(store: Store, fields: Fields) -> dict[str, Any]:
    currency_type = fields.one_of("currency_type", ("crypto", "fiat"), "crypto") or "crypto"
    name, allowed = ("asset", ASSETS) if currency_type == "crypto" else ("fiat", FIATS)
    currency = fields.one_of(name, allowed)
    if currency is None:
        raise ApiError(f"{name.upper()}_INVALID")
    expires_in = fields.integer("expires_in", 1, LONGEST_EXPIRY_SECONDS)
    invoice = store.add(
        currency_type=currency_type,
        currency=currency,
        amount=fields.amount(),
        expires_at=None if expires_in is None else time.time() + expires_in,
        options=_invoice_options(fields),
        accepted_assets=(fields.listed("accepted_assets") or list(ASSETS)) if name == "fiat" else None,
    )
    return invoice.wire(store.public_url)


def _invoice_options(fields: Fields) -> dict[str, Any]:
    """The parts that are only kept and echoed."""
    button = fields.one_of("paid_btn_name", BUTTONS)
    options = {
        "description": fields.text("description", 1024),
        "hidden_message": fields.text("hidden_message", 2048),
        "payload": fields.text("payload", 4096),
        "paid_btn_name": button,
        "paid_btn_url": fields.text("paid_btn_url", 1024),
        "swap_to": fields.one_of("swap_to", ("USDT", "TON", "TRX", "ETH", "SOL", "BTC", "LTC")),
    }
    if button and not str(options["paid_btn_url"]).startswith(("http://", "https://")):
        raise ApiError("PAID_BTN_URL_INVALID")
    return {
        **{key: value for key, value in options.items() if value is not None},
        "allow_comments": fields.flag("allow_comments", default=True),
        "allow_anonymous": fields.flag("allow_anonymous", default=True),
    }


def delete_invoice(store: Store, fields: Fields) -> bool:
    invoice = store.by_id(fields.integer("invoice_id", 1, 2**53) or 0)
    if invoice.status == "paid":
        raise ApiError("INVOICE_ALREADY_PAID")
    del store.invoices[invoice.invoice_id]
    return True


def get_invoices(store: Store, fields: Fields) -> dict[str, Any]:
    """Newest first, as the service lists them."""
    status = fields.one_of("status", ("active", "paid"))
    asset, fiat = fields.one_of("asset", ASSETS), fields.one_of("fiat", FIATS)
    listed = fields.listed("invoice_ids")
    found = [
        invoice
        for invoice in (reversed(store.invoices.values()) if listed is None else store.named(listed))
        if (status is None or invoice.status == status)
        and invoice.currency == (asset or fiat or invoice.currency)
    ]
    return {"items": [store.listed(invoice) for invoice in _page(fields, found)]}


def get_balance(store: Store, _: Fields) -> list[dict[str, str]]:
    return [
        {"currency_code": asset, "available": plain(amount), "onhold": "0"}
        for asset, amount in store.balance.items()
    ]


def get_exchange_rates(_: Store, __: Fields) -> list[dict[str, Any]]:
    return [
        {
            "is_valid": True,
            "is_crypto": True,
            "is_fiat": False,
            "source": asset,
            "target": "USD",
            "rate": plain(rate),
        }
        for asset, rate in USD_RATES.items()
    ]


def get_currencies(_: Store, __: Fields) -> list[dict[str, Any]]:
    crypto = [
        {
            "is_blockchain": asset not in ("USDT", "USDC"),
            "is_stablecoin": asset in ("USDT", "USDC"),
            "is_fiat": False,
            "name": asset,
            "code": asset,
            "decimals": DECIMALS,
        }
        for asset in ASSETS
    ]
    fiat = [
        {
            "is_blockchain": False,
            "is_stablecoin": False,
            "is_fiat": True,
            "name": code,
            "code": code,
            "decimals": DECIMALS,
        }
        for code in FIATS
    ]
    return crypto + fiat


def transfer(store: Store, fields: Fields) -> dict[str, Any]:
    """One payment to one Telegram user per spend_id; the answer does not repeat the spend_id."""
    user_id, asset = fields.integer("user_id", 1, 2**53), fields.one_of("asset", ASSETS)
    amount, spend_id = fields.amount(), fields.required("spend_id", 64)
    comment = fields.text("comment", 1024)
    if user_id is None or user_id in store.strangers:
        raise ApiError("USER_NOT_FOUND")
    if asset is None:
        raise ApiError("ASSET_INVALID")
    if spend_id in store.transfers:
        raise ApiError("SPEND_ID_ALREADY_USED")
    if not TRANSFER_USD[0] <= amount * USD_RATES[asset] <= TRANSFER_USD[1]:
        raise ApiError("AMOUNT_INVALID")
    _take(store, asset, amount)
    done = {
        "transfer_id": 90_001 + len(store.transfers),
        "user_id": user_id,
        "asset": asset,
        "amount": plain(amount),
        "status": "completed",
        "completed_at": iso(time.time()),
        **({"comment": comment} if comment else {}),
    }
    store.transfers[spend_id] = done
    return done


def get_transfers(store: Store, fields: Fields) -> dict[str, Any]:
    asset, spend_id = fields.one_of("asset", ASSETS), fields.text("spend_id", 64)
    wanted = fields.listed("transfer_ids")
    found = [
        done
        for key, done in reversed(store.transfers.items())
        if (spend_id in (None, key) or store.ignores_spend_id)
        and asset in (None, done["asset"])
        and (wanted is None or str(done["transfer_id"]) in wanted)
    ]
    return {"items": _page(fields, found)}


def create_check(store: Store, fields: Fields) -> dict[str, Any]:
    """Create a cheque for anybody or one pinned user. It has no spend_id, so a repeat makes another."""
    asset, amount = fields.one_of("asset", ASSETS), fields.amount()
    if asset is None:
        raise ApiError("ASSET_INVALID")
    _take(store, asset, amount)
    number = 70_001 + len(store.checks)
    check = {
        "check_id": number,
        "hash": f"CQ{number}",
        "asset": asset,
        "amount": plain(amount),
        "bot_check_url": f"{store.public_url}/checks/CQ{number}",
        "status": "active",
        "created_at": iso(time.time()),
    }
    store.checks.append(check)
    return check


def get_checks(store: Store, fields: Fields) -> dict[str, Any]:
    status, asset = fields.one_of("status", ("active", "activated")), fields.one_of("asset", ASSETS)
    wanted = fields.listed("check_ids")
    found = [
        check
        for check in reversed(store.checks)
        if status in (None, check["status"])
        and asset in (None, check["asset"])
        and (wanted is None or str(check["check_id"]) in wanted)
    ]
    return {"items": _page(fields, found)}


def get_stats(store: Store, _: Fields) -> dict[str, Any]:
    created, paid = list(store.invoices.values()), [i for i in store.invoices.values() if i.paid_at]
    volume = sum((i.paid_amount or Decimal(0)) * USD_RATES.get(i.paid_asset or "", Decimal(0)) for i in paid)
    return {
        "volume": float(volume),
        "conversion": round(100 * len(paid) / len(created), 2) if created else 0,
        "unique_users_count": len(paid),
        "created_invoice_count": len(created),
        "paid_invoice_count": len(paid),
        "start_at": iso(time.time() - 86_400),
        "end_at": iso(time.time()),
    }


def _take(store: Store, asset: str, amount: Decimal) -> None:
    if store.balance.get(asset, Decimal(0)) < amount:
        raise ApiError("INSUFFICIENT_FUNDS")
    store.balance[asset] -= amount


def _page(fields: Fields, found: list[T]) -> list[T]:
    offset = fields.integer("offset", 0, 2**31, 0) or 0
    count = fields.integer("count", 1, 1000, 100) or 100
    return found[offset : offset + count]


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "createInvoice": create_invoice,
    "deleteInvoice": delete_invoice,
    "getInvoices": get_invoices,
    "getBalance": get_balance,
    "getExchangeRates": get_exchange_rates,
    "getCurrencies": get_currencies,
    "transfer": transfer,
    "getTransfers": get_transfers,
    "createCheck": create_check,
    "getChecks": get_checks,
    "getStats": get_stats,
}
