"""Builds signed webhooks as Crypto Pay sends them. tests/vectors has a known one."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Final

from benchmarks.database_orders import ASSET, Pending

SIGNATURE: Final = "crypto-pay-api-signature"


def paid(order: Pending) -> bytes:
    """The notice that this order's invoice was paid."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    invoice = {
        "invoice_id": order.invoice_id,
        "hash": f"IV{order.invoice_id}",
        "currency_type": "crypto",
        "asset": ASSET,
        "amount": str(order.amount),
        "pay_url": f"https://pay.example/{order.invoice_id}",
        "bot_invoice_url": f"https://pay.example/{order.invoice_id}",
        "status": "paid",
        "created_at": now,
        "paid_at": now,
        "paid_asset": ASSET,
        "paid_amount": str(order.amount),
        "payload": order.order_id,
    }
    notice = {"update_id": 1, "update_type": "invoice_paid", "request_date": now, "payload": invoice}
    return json.dumps(notice, separators=(",", ":")).encode()


def headers(token: str, body: bytes) -> dict[str, str]:
    """Return what goes with the body: its HMAC-SHA256 under the token's SHA-256."""
    key = hashlib.sha256(token.encode()).digest()
    return {SIGNATURE: hmac.new(key, body, hashlib.sha256).hexdigest(), "Content-Type": "application/json"}
