"""Tests of lost webhooks: payments are found by asking Crypto Pay, and each buyer gets one receipt."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.shop.world import PAY_TOKEN, Buyer, Shop, wait_until

ORDERS = 500
PRICE = "99.99"


@pytest.fixture
def hasty(stage: Shop) -> Shop:
    """A shop with a higher send rate than Telegram allows, whose Crypto Pay loses every webhook."""
    stage.environment["TELEGRAM_SEND_RATE"] = "1000"
    settings = {"url": "http://127.0.0.1:9", "enabled": True, "shares": {"lost": 1.0}}
    stage.post(stage.crypto_pay, "/sim/webhook", settings)
    stage.start_workers()
    return stage


def test_five_hundred_payments_without_a_webhook_are_found(
    hasty: Shop, record_property: Callable[[str, object], None]
) -> None:
    shop = hasty
    people = [Buyer(shop).id for _ in range(ORDERS)]
    invoices = quoted(shop, open_orders(shop, people))
    began = time.monotonic()
    for invoice in invoices:
        shop.post(shop.crypto_pay, f"/sim/invoices/{invoice['invoice_id']}/pay")
    seconds = time.monotonic() - began
    wait_until(lambda: count(shop, "orders", "status = 'paid'") == ORDERS, "every order active", 120)
    wait_until(
        lambda: count(shop, "job_ledger", "key ^@ 'receipt:' AND state = 'done'") == ORDERS, "told", 120
    )

    assert len(shop.calls(shop.crypto_pay, event="webhook_lost")) == ORDERS
    how = shop.rows("SELECT source, state, reason, count(*) AS n FROM payments GROUP BY 1, 2, 3")
    assert how == [{"source": "reconciler", "state": "applied", "reason": None, "n": ORDERS}]
    activated = shop.rows("SELECT order_id::text AS id FROM activations")
    assert Counter(row["id"] for row in activated) == Counter(invoice["payload"] for invoice in invoices)
    assert receipts(shop) == Counter(people)
    waited = waits(shop)
    record_property("paid_to_active_seconds", waited)
    sys.stdout.write(f"{ORDERS} paid within {seconds:.1f} s; paid to active: {waited}\n")


def open_orders(shop: Shop, people: list[int]) -> list[str]:
    """Create people with a first order each, as after /start and a tap on the package. Returns the orders."""
    shop.rows(
        "SELECT register_user(id, NULL, 'Олена', NULL, 'uk', NULL) FROM unnest(%s::bigint[]) AS p (id)",
        people,
    )
    orders = shop.rows(
        "SELECT create_order(id, 'mini') ->> 'order_id' AS id FROM unnest(%s::bigint[]) AS p (id)", people
    )
    return [row["id"] for row in orders]


def quoted(shop: Shop, orders: list[str]) -> list[dict[str, Any]]:
    """An invoice for each order, made and attached as the worker does."""
    invoices = [make_invoice(shop, order_id) for order_id in orders]
    columns = [
        [invoice[name] for invoice in invoices]
        for name in ("payload", "invoice_id", "bot_invoice_url", "expiration_date")
    ]
    attached = shop.rows(
        "SELECT attach_invoice(order_id, invoice_id, 'USDT', 99.99, url, expires) ->> 'success' AS success"
        " FROM unnest(%s::uuid[], %s::bigint[]::text[], %s::text[], %s::timestamptz[])"
        " AS i (order_id, invoice_id, url, expires)",
        *columns,
    )
    assert [row["success"] for row in attached] == ["true"] * len(orders)
    return invoices


def make_invoice(shop: Shop, order_id: str) -> dict[str, Any]:
    """The order's invoice at Crypto Pay."""
    body = {"asset": "USDT", "amount": PRICE, "payload": order_id, "expires_in": 3600}
    headers = {"Crypto-Pay-API-Token": PAY_TOKEN}
    answer = shop.http.post(
        f"{shop.crypto_pay.url}/api/createInvoice", json=body, headers=headers, timeout=10
    )
    invoice: dict[str, Any] = answer.json()["result"]
    return invoice


def count(shop: Shop, table: str, condition: str) -> int:
    return int(shop.value(f"SELECT count(*) FROM {table} WHERE {condition}"))  # noqa: S608 (our own words)


def receipts(shop: Shop) -> Counter[int]:
    """Return how many receipts each person got."""
    written = shop.get(shop.telegram, "/sim/outbox")["messages"]
    return Counter(m["chat_id"] for m in written if "✅ Оплата успішна" in m["text"])


def waits(shop: Shop) -> dict[str, float]:
    """Return how long it took from the payment at Crypto Pay until the order was active, in seconds."""
    (row,) = shop.rows(
        "SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s)::numeric, 1)::float8 AS p50,"
        " round(percentile_cont(0.99) WITHIN GROUP (ORDER BY s)::numeric, 1)::float8 AS p99,"
        " round(max(s), 1)::float8 AS longest"
        " FROM (SELECT extract(epoch FROM a.created_at - p.paid_at) AS s"
        " FROM payments AS p JOIN activations AS a USING (order_id)) AS waits"
    )
    return row
