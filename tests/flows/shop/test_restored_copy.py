"""Tests of PostgreSQL restored from an older backup: later payments are found again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from sandbox.servers import PostgresServer
from tests.flows.shop.backups import Copy, stop_workers
from tests.flows.shop.world import ADMIN_ID, Buyer, Shop, wait_until

RECEIPT = "✅ Оплата успішна"
DECIDE = "Платіж потребує рішення"


@pytest.fixture
def copy(stage: Shop, postgres_server: PostgresServer) -> Iterator[Copy]:
    copy = Copy(postgres_server, stage)
    yield copy
    postgres_server.drop_database(copy.name)


@pytest.mark.parametrize("redis_is", ["kept", "wiped"])
def test_every_payment_since_the_copy_comes_back(
    shop: Shop, copy: Copy, redis_is: str, record_property: Callable[[str, object], None]
) -> None:
    first, second = newcomer(shop), newcomer(shop)
    bought = pay(first, quote(first))
    quoted = quote(second)
    stop_workers(shop)
    copy.make()
    kept = everything_of(shop, bought)
    shop.start_workers()

    pay(second, quoted)
    third = newcomer(shop)
    unknown = pay(third, quote(third))
    stop_workers(shop)
    copy.restore()
    if redis_is == "wiped":
        with redis.Redis.from_url(shop.redis_url) as client:
            client.flushdb()
    assert missing(shop) == {str(quoted["invoice_id"]), str(unknown["invoice_id"])}
    assert (status_of(shop, quoted), told(shop, unknown)) == ("pending", [])

    started = time.time()
    shop.start_workers()
    wait_until(lambda: not missing(shop), "every payment back", 120)
    assert outcome(shop, quoted) == ("reconciler", "applied", None)
    assert status_of(shop, quoted) == "paid"
    shop.wait_for_job(f"receipt:{quoted['payload']}")
    assert outcome(shop, unknown) == ("reconciler", "exception", "unknown_order")
    wait_until(lambda: told(shop, unknown), "the admins told of the money nobody can place")
    assert everything_of(shop, bought) == kept
    assert first.count(RECEIPT) == 1
    back = shop.value("SELECT extract(epoch FROM max(created_at))::float8 FROM payments") - started
    record_property("all_back_seconds", back)
    sys.stdout.write(f"Redis {redis_is}: all payments back {back:.1f} s after the start\n")


def newcomer(shop: Shop) -> Buyer:
    """Somebody who has sent /start."""
    buyer = Buyer(shop)
    buyer.start()
    return buyer


def quote(buyer: Buyer) -> dict[str, Any]:
    """Order a package and ask to pay it; the invoice at Crypto Pay."""
    return buyer.invoice(buyer.open_order("mini"))


def pay(buyer: Buyer, invoice: dict[str, Any]) -> dict[str, Any]:
    """Pay at Crypto Pay, whose webhook comes, and read the receipt; the invoice."""
    buyer.shop.post(buyer.shop.crypto_pay, f"/sim/invoices/{invoice['invoice_id']}/pay")
    buyer.shop.wait_for_job(buyer.pay(invoice).key)
    buyer.shop.wait_for_job(f"receipt:{invoice['payload']}")
    assert buyer.count(RECEIPT) == 1
    return invoice


def missing(shop: Shop) -> set[str]:
    """Invoices that are paid at Crypto Pay and have no payment here; there is none the other way round."""
    listed = shop.get(shop.crypto_pay, "/sim/invoices")["items"]
    paid = {str(invoice["invoice_id"]) for invoice in listed if invoice["status"] == "paid"}
    recorded = {row["invoice_id"] for row in shop.rows("SELECT invoice_id FROM payments")}
    assert recorded <= paid
    return paid - recorded


def outcome(shop: Shop, invoice: dict[str, Any]) -> tuple[str, str, str | None]:
    """How the invoice's payment became known, and what came of it."""
    (row,) = shop.rows(
        "SELECT source, state, reason FROM payments WHERE invoice_id = %s", str(invoice["invoice_id"])
    )
    return row["source"], row["state"], row["reason"]


def status_of(shop: Shop, invoice: dict[str, Any]) -> str:
    return str(shop.value("SELECT status FROM orders WHERE id = %s", invoice["payload"]))


def told(shop: Shop, invoice: dict[str, Any]) -> list[str]:
    """Return the notices to the admin about this invoice's payment that needs a decision."""
    texts = [m["text"] for m in shop.messages(ADMIN_ID)]
    return [text for text in texts if DECIDE in text and str(invoice["invoice_id"]) in text]


def everything_of(shop: Shop, invoice: dict[str, Any]) -> list[dict[str, Any]]:
    """The order with its activations and payments, but for when Crypto Pay was asked about one."""
    return shop.rows(
        "SELECT to_jsonb(o) AS o, to_jsonb(a) AS a, to_jsonb(p) - 'verified_at' AS p FROM orders AS o"
        " JOIN activations AS a ON a.order_id = o.id JOIN payments AS p ON p.order_id = o.id WHERE o.id = %s",
        invoice["payload"],
    )
